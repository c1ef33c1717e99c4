package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// MaxItems is the most items that the service takes in one $batch.
const MaxItems = 20

// Item is one request inside a $batch.
type Item struct {
	ID      string            `json:"id"` // unique in the batch without regard to case
	Method  string            `json:"method"`
	URL     string            `json:"url"` // relative to the version root
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

// Answer is what came back for one item.
type Answer struct {
	ID     string
	Status int
	Body   json.RawMessage // nil when absent or null
	header map[string]string
}

// Header returns an item's header, its name in any case.
func (a *Answer) Header(name string) string {
	for k, v := range a.header {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// Err decodes the answer as a refusal.
func (a *Answer) Err() *Error { return DecodeError(a.Status, a.Header, a.Body, time.Now()) }

// Reply is the answer to a whole $batch. Answers come in any order; some may be missing or doubled.
type Reply struct {
	Answers    []Answer
	RequestID  string
	Date       string        // of the server, as it wrote it
	RetryAfter time.Duration // of the outer answer; negative when it says nothing
}

// TaskURL is the address of a task relative to the version root, for an Item.
func TaskURL(id string) string { return TasksPath + "/" + url.PathEscape(id) }

// Batch makes one $batch call of at most MaxItems items. An error that is an *Error means that the service refused the
// call as a whole; one that wraps ErrConnection that nobody knows what became of it.
func (c *Client) Batch(ctx context.Context, clientRequestID string, items []Item) (*Reply, error) {
	if len(items) == 0 || len(items) > MaxItems {
		return nil, fmt.Errorf("a $batch holds 1 to %d items, not %d", MaxItems, len(items))
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string][]Item{"requests": items}); err != nil {
		return nil, fmt.Errorf("encoding a $batch: %w", err)
	}
	a, err := c.call(ctx, http.MethodPost, c.versionRoot()+"/$batch", clientRequestID, body.Bytes(), maxBatch)
	if err != nil {
		return nil, err
	}
	reply, err := decodeReply(a)
	if err != nil {
		return nil, err
	}
	reply.RequestID, reply.Date = a.header.Get("request-id"), a.header.Get("Date")
	reply.RetryAfter = RetryAfter(a.header.Get("Retry-After"), time.Now())
	return reply, nil
}

// decodeReply reads the answers item by item, so that one of a wrong shape costs only itself. The
// outer status does not matter where the body holds answers: 424 has been seen with them.
func decodeReply(a *answer) (*Reply, error) {
	var doc struct {
		Responses []json.RawMessage `json:"responses"`
	}
	err := json.Unmarshal(a.body, &doc)
	if err != nil || doc.Responses == nil {
		if a.status/100 != 2 {
			return nil, a.err()
		}
		return nil, fmt.Errorf("%w: HTTP %d, %s", ErrConnection, a.status, or(foreign(a.body), "an empty body"))
	}
	reply := &Reply{}
	for _, raw := range doc.Responses {
		var in struct {
			ID      json.RawMessage            `json:"id"`
			Status  int                        `json:"status"`
			Headers map[string]json.RawMessage `json:"headers"`
			Body    json.RawMessage            `json:"body"`
		}
		if json.Unmarshal(raw, &in) != nil {
			continue // nothing in it can be trusted, its id least: its item counts as missing
		}
		answer := Answer{ID: text(in.ID), Status: in.Status, header: make(map[string]string, len(in.Headers))}
		for k, v := range in.Headers {
			answer.header[k] = text(v)
		}
		if string(in.Body) != "null" {
			answer.Body = in.Body
		}
		reply.Answers = append(reply.Answers, answer)
	}
	return reply, nil
}

// text reads a JSON string, or any other scalar as it stands: ids and headers have been seen as numbers.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
