package graph

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"taskrecon/internal/task"
)

// Bounds on an answer: nothing the service sends can take more memory than this.
const (
	maxAnswer = 32 << 20 // bytes of an answer, page or $batch
	maxError  = 1 << 20  // bytes of a refusal's body that are read; the rest is left
)

const (
	shortestToken = 16 // a shorter one, or a shorter signature, could be part of any text; no real one is
	longestKey    = 48 // letters of a token that are looked for
	mostEscapes   = 4  // times that a text is escaped, one upon the other
)

// withholding is where answers come in: a transport that reads each answer whole and takes out of it what holds an access token
// with which it was called, now or before. A token counts as held where the end of its signature (of its own, if it has none)
// is in a text as it is, escaped as in JSON or as in an address, in base64 of any alignment, or in hex.
//
//	a header, its name or its value            is dropped
//	an answer within a $batch                  keeps id and status; its body is the text task.Withheld
//	a task of a list                           keeps its id; its type is task.Withheld
//	a member beside those                      is dropped if its name holds it, and else has the text task.Withheld
//	any other body                             is the text task.Withheld
//	an error                                   is one of that text
//
// So nothing that is decoded, recorded or shown of an answer holds a token.
type withholding struct {
	next   http.RoundTripper
	mu     sync.RWMutex
	tokens []string
	keys   [][]byte
}

// CloseIdleConnections is what http.Client looks for in a transport.
func (g *withholding) CloseIdleConnections() { closeIdle(g.next) }

// RoundTrip returns an answer whose body needs no more reading from the network. What went wrong in reading it is the error of
// reading that body.
func (g *withholding) RoundTrip(req *http.Request) (*http.Response, error) {
	_, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	g.learn(token)
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, g.error(err)
	}
	defer resp.Body.Close()
	for name, values := range resp.Header {
		if g.holds([]byte(name)) || g.holds([]byte(strings.Join(values, "\n"))) {
			delete(resp.Header, name)
		}
	}
	whole := *resp
	whole.Status, whole.Trailer = strconv.Itoa(resp.StatusCode), nil
	body, err := readAnswer(resp)
	if err != nil {
		whole.Body = io.NopCloser(failing{g.error(err)})
		return &whole, nil
	}
	body = g.clean(body)
	whole.Body, whole.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return &whole, nil
}

// failing is a body that cannot be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// readAnswer reads a body within its bounds, without a byte order mark. Of a refusal that is too large its beginning is enough.
func readAnswer(resp *http.Response) ([]byte, error) {
	accepted, limit := resp.StatusCode/100 == 2, int64(maxError)
	if accepted {
		limit = maxAnswer
	}
	data, err := readAll(resp, limit+1)
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > limit && accepted:
		return nil, fmt.Errorf("the answer is larger than %d bytes", limit)
	}
	return bytes.TrimPrefix(data[:min(int64(len(data)), limit)], []byte("\xef\xbb\xbf")), nil
}

// readAll reads a body up to limit. What an answer says of its length only saves copying: it is believed up to 1 MiB.
func readAll(resp *http.Response, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	buf.Grow(int(min(max(resp.ContentLength, 0), limit, 1<<20)) + bytes.MinRead)
	_, err := buf.ReadFrom(io.LimitReader(resp.Body, limit))
	return buf.Bytes(), err
}

// learn adds a token to those that are looked for.
func (g *withholding) learn(token string) {
	g.mu.RLock()
	known := slices.Contains(g.tokens, token)
	g.mu.RUnlock()
	secret := token
	if parts := strings.Split(token, "."); len(parts) >= 3 && len(parts[len(parts)-1]) >= shortestToken {
		secret = parts[len(parts)-1]
	}
	if known || len(secret) < shortestToken {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tokens = append(g.tokens, token)
	g.keys = append(g.keys, keysOf(secret[max(0, len(secret)-longestKey):])...)
}

// keysOf are the forms of a text in which it is looked for; those that escapes make are undone in what is searched.
func keysOf(text string) [][]byte {
	inHex := hex.EncodeToString([]byte(text))
	keys := [][]byte{[]byte(text), unescape([]byte(text)), []byte(inHex), []byte(strings.ToUpper(inHex))}
	for before := range 3 { // the letters of base64 that encode the text alone, wherever in a group of three bytes it begins
		data := append(make([]byte, before), text...)
		from, to := (before*8+5)/6, len(data)*8/6
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			keys = append(keys, []byte(enc.EncodeToString(data)[from:to]))
		}
	}
	keys = slices.DeleteFunc(keys, func(key []byte) bool { return len(key) < shortestToken })
	slices.SortFunc(keys, bytes.Compare)
	return slices.CompactFunc(keys, bytes.Equal)
}

// holds reports whether a token is in the text.
func (g *withholding) holds(text []byte) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for range mostEscapes + 1 {
		if slices.ContainsFunc(g.keys, func(key []byte) bool { return bytes.Contains(text, key) }) {
			return true
		}
		bare := unescape(text)
		if len(bare) == len(text) {
			return false
		}
		text = bare
	}
	return false
}

// unescape undoes JSON's escapes, each backslash of which goes, and those of addresses, and drops the zero bytes of UTF-16. It keeps
// a text without any.
func unescape(text []byte) []byte {
	i := bytes.IndexAny(text, "\\%\x00")
	if i < 0 {
		return text
	}
	out := append(make([]byte, 0, len(text)), text[:i]...)
	for i < len(text) {
		c := text[i]
		i++
		mark := ""
		switch c {
		case 0:
			continue
		case '\\':
			mark = "u00"
		case '%':
		default:
			out = append(out, c)
			continue
		}
		if b, ok := byHex(text[i:], mark); ok {
			out = append(out, b)
			i += len(mark) + 2
		} else if c == '%' {
			out = append(out, c)
		}
	}
	return out
}

// byHex is the byte whose two digits follow the mark at the beginning of text.
func byHex(text []byte, mark string) (b byte, ok bool) {
	digits, found := bytes.CutPrefix(text, []byte(mark))
	if !found || len(digits) < 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(digits[:2]), 16, 8)
	return byte(n), err == nil
}

// error is err, or one without its words where they hold a token.
func (g *withholding) error(err error) error {
	if g.holds([]byte(err.Error())) {
		return errors.New(task.Withheld)
	}
	return err
}

// clean is a body without what holds a token.
func (g *withholding) clean(body []byte) []byte {
	if !g.holds(body) {
		return body
	}
	var doc map[string]json.RawMessage
	if json.Unmarshal(body, &doc) != nil || !ofMany(doc) {
		return withheldJSON
	}
	kept := make(map[string]any, len(doc))
	for name, raw := range doc {
		switch {
		case g.holds([]byte(name)):
		case !g.holds(raw):
			kept[name] = raw
		case strings.EqualFold(name, "responses"):
			kept[name] = g.each(raw, g.item)
		case strings.EqualFold(name, "value"):
			kept[name] = g.each(raw, g.task)
		default:
			kept[name] = task.Withheld
		}
	}
	if cleaned, err := json.Marshal(kept); err == nil && !g.holds(cleaned) {
		return cleaned
	}
	return withheldJSON
}

// ofMany reports whether a body is a list or the answer to a $batch. A single task without some of its members would be another task.
func ofMany(doc map[string]json.RawMessage) (many bool) {
	for name := range doc {
		switch strings.ToLower(name) {
		case "id":
			return false
		case "responses", "value":
			many = true
		}
	}
	return many
}

var withheldJSON = []byte(strconv.Quote(task.Withheld))

// each is an array whose elements that hold a token are replaced.
func (g *withholding) each(array json.RawMessage, replace func(json.RawMessage) any) any {
	var elements []json.RawMessage
	if json.Unmarshal(array, &elements) != nil {
		return task.Withheld
	}
	kept := make([]any, len(elements))
	for i, raw := range elements {
		if kept[i] = raw; g.holds(raw) {
			kept[i] = replace(raw)
		}
	}
	return kept
}

// item is what is kept of an answer within a $batch that holds a token.
func (g *withholding) item(raw json.RawMessage) any {
	var in struct{ ID, Status json.RawMessage }
	if json.Unmarshal(raw, &in) != nil || g.holds(in.ID) || g.holds(in.Status) {
		return nil
	}
	return map[string]any{"id": in.ID, "status": in.Status, "body": task.Withheld}
}

// task is what is kept of a task that holds a token.
func (g *withholding) task(raw json.RawMessage) any {
	var in struct{ ID json.RawMessage }
	if json.Unmarshal(raw, &in) != nil || g.holds(in.ID) {
		return task.Withheld
	}
	return map[string]any{"id": in.ID, "@odata.type": task.Withheld}
}

// closeIdle closes the connections that a transport keeps for further calls.
func closeIdle(t http.RoundTripper) {
	if t, ok := t.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
