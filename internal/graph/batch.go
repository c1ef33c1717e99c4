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
	header []field
}

type field struct{ name, value string }

// Header returns an item's header, its name in any case.
func (a *Answer) Header(name string) string {
	for _, f := range a.header {
		if strings.EqualFold(f.name, name) {
			return f.value
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
