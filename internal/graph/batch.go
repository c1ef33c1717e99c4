package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"taskrecon/internal/task"
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
	ID       string
	Status   int
	Body     json.RawMessage // nil when absent or null
	Withheld bool            // it held the access token: only ID and Status are left of it
	header   []field
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
func (a *Answer) Err() *Error {
	e := DecodeError(a.Status, a.Header, a.Body, time.Now())
	if a.Withheld {
		e.Message = task.Withheld
	}
	return e
}

// Task reads the task in the answer to a GET of it, or to a change of it. The error says why the answer does not hold the task
// with this id, whose type is for the caller to check.
func (a *Answer) Task(id string) (*task.Task, error) {
	t := new(task.Task)
	switch {
	case a.Status != http.StatusOK:
		return nil, a.Err()
	case a.Withheld:
		return nil, errors.New(task.Withheld)
	case a.Body == nil:
		return nil, errors.New("the answer held no task")
	}
	if err := json.Unmarshal(a.Body, t); err != nil {
		return nil, fmt.Errorf("the answer did not hold the task: %w", err)
	}
	if task.Key(t.ID) != task.Key(id) {
		return nil, fmt.Errorf("the answer held task %q, another one", clip(t.ID))
	}
	return t, nil
}

// Reply is the answer to a whole $batch. Answers come in any order; some may be missing or doubled.
type Reply struct {
	Answers    []Answer
	RequestID  string
	Date       string        // of the server, as it wrote it
	RetryAfter time.Duration // of the outer answer; negative when it says nothing
}

// Match returns the answers to items whose ids are 1 to n, in that order. An item whose answer is missing, doubled or without
// a status that HTTP knows has nil: nothing certain is known of it.
func (r *Reply) Match(n int) []*Answer {
	matched, times := make([]*Answer, n), make([]int, n)
	for k := range r.Answers {
		a := &r.Answers[k]
		if i, err := strconv.Atoi(a.ID); err == nil && 1 <= i && i <= n {
			matched[i-1] = a
			times[i-1]++
		}
	}
	for i, a := range matched {
		if times[i] > 1 || a != nil && (a.Status < 100 || a.Status > 599) {
			matched[i] = nil
		}
	}
	return matched
}

// TaskURL is the address of a task relative to the version root, for an Item.
func TaskURL(id string) string { return TasksPath + "/" + url.PathEscape(id) }

// Batch makes one $batch call of at most MaxItems items. An error that is an *Error means that the service refused the
// call as a whole; one that wraps ErrConnection that it is not known what became of it; one that wraps ErrNotSent or ErrSignIn that
// nothing was sent. A call that is refused with 401 is not made again: its error wraps ErrRenewed. After any other error sending has no sense.
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
	target := c.versionRoot() + "/$batch"
	a, err := c.post(ctx, target, clientRequestID, body.Bytes())
	if err != nil {
		return nil, err
	}
	reply, err := decodeReply(a)
	if err != nil && a.renewed {
		return nil, fmt.Errorf("%w: %w", ErrRenewed, err)
	}
	if err != nil {
		return nil, err
	}
	reply.RequestID, reply.Date = a.header.Get("request-id"), a.header.Get("Date")
	reply.RetryAfter = waitOf(a.header.Get, time.Now())
	for i := range reply.Answers {
		if in := &reply.Answers[i]; in.Header("Date") == "" {
			in.header = append(in.header, field{"Date", reply.Date})
		}
	}
	return reply, nil
}
