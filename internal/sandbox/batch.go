package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxItems is the most requests that one $batch may hold.
const maxItems = 20

type item struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

// itemAnswer is the answer to an item, and how it spells the names of its headers: an index of headerNames.
type itemAnswer struct {
	id string
	answer
	spelling int
}

// headerNames are the names of an item's headers in the cases that have been seen in batch answers.
var headerNames = [...]struct{ contentType, retryAfter string }{
	{"Content-Type", "Retry-After"},
	{"content-type", "retry-after"},
	{"CONTENT-TYPE", "RETRY-AFTER"},
}

// appendJSON adds the answer as the envelope has it. Its body is compact JSON already.
func (a *itemAnswer) appendJSON(to []byte) []byte {
	to = append(append(to, `{"id":`...), encode(a.id)...)
	to = strconv.AppendInt(append(to, `,"status":`...), int64(a.status), 10)
	names := &headerNames[a.spelling]
	open := `,"headers":{"`
	for _, h := range [...][2]string{{names.contentType, a.contentType}, {names.retryAfter, a.retryAfter}, {"request-id", a.requestID}} {
		if h[1] == "" {
			continue
		}
		to = append(append(append(to, open...), h[0]...), `":`...)
		to = append(to, encode(h[1])...)
		open = `,"`
	}
	if open == `,"` {
		to = append(to, '}')
	}
	if len(a.body) > 0 {
		to = append(append(to, `,"body":`...), a.body...)
	}
	return append(to, '}')
}

// batch performs the items in their order and answers them in another.
func (s *Server) batch(c *call) answer {
	if c.refused != nil {
		return c.badRequest(c.refused)
	}
	s.count(func(st *Stats) { st.Batches++ })
	answers := make([]itemAnswer, 0, len(c.items)+1)
	failed := map[string]bool{} // by the id in lower case
	for i := range c.items {
		it := &c.items[i]
		some := []itemAnswer{{id: it.ID, answer: c.fail(http.StatusFailedDependency, "FailedDependency", "A request that this one depends on failed.")}}
		if !slices.ContainsFunc(it.DependsOn, func(other string) bool { return failed[strings.ToLower(other)] }) {
			some = s.item(c, it)
		}
		failed[strings.ToLower(it.ID)] = len(some) == 0 || some[0].status >= http.StatusBadRequest
		answers = append(answers, some...)
	}
	c.rng.Shuffle(len(answers), func(i, j int) { answers[i], answers[j] = answers[j], answers[i] })
	size := 32
	for i := range answers {
		size += len(answers[i].body) + 256
	}
	body := append(make([]byte, 0, size), `{"responses":[`...)
	for i := range answers {
		if i > 0 {
			body = append(body, ',')
		}
		body = answers[i].appendJSON(body)
	}
	a := jsonAnswer(http.StatusOK, append(body, "]}"...))
	a.contentType = "application/json"
	return a
}

// readBatch reads an envelope; an error refuses it whole, before any item is performed.
func readBatch(body []byte) ([]item, error) {
	var envelope struct {
		Requests []item `json:"requests"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, badf("Invalid batch payload format: %v.", err)
	}
	switch n := len(envelope.Requests); {
	case n == 0:
		return nil, badf("Invalid batch payload format: 'requests' is missing or empty.")
	case n > maxItems:
		return nil, badf("Number of batch request steps exceeds the maximum value of %d.", maxItems)
	}
	seen := map[string]bool{}
	for _, it := range envelope.Requests {
		id := strings.ToLower(it.ID)
		switch {
		case id == "" || it.Method == "" || it.URL == "":
			return nil, badf("Invalid batch payload format: a request needs 'id', 'method' and 'url'.")
		case seen[id]:
			return nil, badf("Request Id '%s' is already used: ids must be unique, without regard to case.", it.ID)
		}
		for _, other := range it.DependsOn {
			if !seen[strings.ToLower(other)] {
				return nil, badf("Invalid batch payload format: request '%s' depends on '%s', which is no request before it.", it.ID, other)
			}
		}
		seen[id] = true
	}
	return envelope.Requests, nil
}

// item performs one item and returns its answers: one, unless it is decided otherwise.
func (s *Server) item(outer *call, it *item) []itemAnswer {
	c := *outer
	c.itemID, c.body, c.items = it.ID, it.Body, nil
	for name, value := range it.Headers {
		if strings.EqualFold(name, "client-request-id") {
			c.clientRequestID = value
		}
	}
	out := itemAnswer{id: it.ID}
	if outer.oddHeaders {
		out.spelling = outer.rng.IntN(len(headerNames))
	}
	if err := c.aim(it); err != nil {
		out.answer = c.badRequest(err)
		return []itemAnswer{out}
	}
	c.rng = s.generator(c.kind, c.key)
	var d Decision
	out.answer, d = s.one(&c)
	switch d.Reply {
	case ReplyDropped:
		return nil
	case ReplyTwice:
		return []itemAnswer{out, out}
	case ReplyAlien:
		return []itemAnswer{out, {id: it.ID + "-alien", answer: answer{status: http.StatusOK, body: []byte(`{}`)}}}
	}
	return []itemAnswer{out}
}

// aim reads where an item goes, and checks what Graph checks before it sends an item on.
func (c *call) aim(it *item) error {
	u, err := url.Parse(it.URL)
	if err != nil || u.IsAbs() || u.Host != "" {
		return badf("The url '%s' is not relative to the version root.", it.URL)
	}
	c.query = u.Query()
	c.route(strings.ToUpper(it.Method), u.Path)
	hasBody := len(it.Body) > 0 && !bytes.Equal(it.Body, []byte("null"))
	if c.isWrite() && !hasBody {
		return badf("Write request id : %s does not contain Content-Type header or body.", it.ID)
	}
	if hasBody && !slices.ContainsFunc(headerValues(it.Headers, "Content-Type"), isJSON) {
		return badf("Write request id : %s does not contain Content-Type header or body.", it.ID)
	}
	return nil
}

func headerValues(headers map[string]string, name string) []string {
	var values []string
	for k, v := range headers {
		if strings.EqualFold(k, name) {
			values = append(values, v)
		}
	}
	return values
}

func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/json")
}
