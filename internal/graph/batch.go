package graph

import (
	"bytes"
	"cmp"
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
	header   map[string]scalar
}

// Header returns an item's header, its name in any case.
func (a *Answer) Header(name string) string {
	for other, value := range a.header {
		if strings.EqualFold(other, name) {
			return string(value)
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
	err := json.Unmarshal(a.Body, t)
	switch {
	case err != nil && t.ID == "":
		return nil, fmt.Errorf("the answer did not hold the task: %w", err)
	case task.Key(t.ID) != task.Key(id):
		return nil, fmt.Errorf("the answer held task %q, another one", clip(t.ID))
	case err != nil:
		return task.Unknown(t.ID, err), nil
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

// decodeReply reads the answers one by one, so that one of a wrong shape costs only itself. The
// outer status does not matter where the body holds answers: 424 has been seen with them.
func decodeReply(a *answer) (*Reply, error) {
	var doc struct {
		Responses []json.RawMessage `json:"responses"`
	}
	err := json.Unmarshal(a.body, &doc)
	switch {
	case (err != nil || doc.Responses == nil) && a.status/100 != 2:
		return nil, a.err()
	case err != nil || doc.Responses == nil:
		return nil, fmt.Errorf("%w: HTTP %d, %s", ErrConnection, a.status, cmp.Or(foreign(a.body), "an empty body"))
	}
	reply := &Reply{}
	for _, raw := range doc.Responses {
		var in struct {
			ID      scalar            `json:"id"`
			Status  int               `json:"status"`
			Headers map[string]scalar `json:"headers"`
			Body    json.RawMessage   `json:"body"`
		}
		if json.Unmarshal(raw, &in) != nil {
			continue // nothing in it can be trusted, its id least: its item counts as missing
		}
		answer := Answer{ID: string(in.ID), Status: in.Status, Body: in.Body, header: in.Headers, Withheld: bytes.Equal(in.Body, withheldJSON)}
		if answer.Withheld || string(in.Body) == "null" {
			answer.Body = nil
		}
		reply.Answers = append(reply.Answers, answer)
	}
	return reply, nil
}

// scalar is a JSON string, or any other value as it is written: ids and headers have been seen as numbers.
type scalar string

// UnmarshalJSON implements json.Unmarshaler.
func (s *scalar) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	*s = scalar(text)
	return nil
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
	reply.RetryAfter = AskedWait(a.header.Get, time.Now())
	for i := range reply.Answers {
		if in := &reply.Answers[i]; in.Header("Date") == "" {
			if in.header == nil {
				in.header = map[string]scalar{}
			}
			in.header["Date"] = scalar(reply.Date)
		}
	}
	return reply, nil
}
