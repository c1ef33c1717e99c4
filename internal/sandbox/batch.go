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

// appendJSON adds the answer as it stands in the envelope. Its body is compact JSON already.
func (a *itemAnswer) appendJSON(to []byte) []byte {
	to = append(append(to, `{"id":`...), encode(a.id)...)
	to = strconv.AppendInt(append(to, `,"status":`...), int64(a.status), 10)
	names := &headerNames[a.spelling]
	open := `,"headers":{"`
	for _, h := range [...][2]string{{names.contentType, a.contentType}, {names.retryAfter, a.retryAfter}} {
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
	items, err := readBatch(c.body)
	if err != nil {
		return c.badRequest(err)
	}
	s.mu.Lock()
	s.stats.Batches++
	s.stats.Items += len(items)
	s.stats.MaxBatch = max(s.stats.MaxBatch, len(items))
	s.mu.Unlock()
	answers := make([]itemAnswer, 0, len(items)+1)
	for i := range items {
		answers = append(answers, s.item(c, &items[i])...)
	}
	s.mu.Lock()
	s.rng.Shuffle(len(answers), func(i, j int) { answers[i], answers[j] = answers[j], answers[i] })
	s.mu.Unlock()
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
		case len(it.DependsOn) > 0:
			return nil, badf("'dependsOn' is not supported by this service.")
		}
		seen[id] = true
	}
	return envelope.Requests, nil
}

// item performs one item and returns its answers: one, unless a fault has it otherwise.
func (s *Server) item(outer *call, it *item) []itemAnswer {
	c := &call{body: it.Body, origin: outer.origin, requestID: outer.requestID, clientRequestID: outer.clientRequestID, batched: true}
	for name, value := range it.Headers {
		if strings.EqualFold(name, "client-request-id") {
			c.clientRequestID = value
		}
	}
	var a answer
	var fault Fault
	if err := c.aim(it); err != nil {
		a = c.badRequest(err)
	} else {
		a, fault = s.one(c)
	}
	out := itemAnswer{it.ID, a, s.spelling()}
	switch fault.Name {
	case "drop-item", "drop-item-applied":
		return nil
	case "double-item":
		return []itemAnswer{out, out}
	case "alien-item":
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

// spelling chooses how the names of an item's headers are spelled.
func (s *Server) spelling() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.IntN(len(headerNames))
}
