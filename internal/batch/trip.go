package batch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// purpose says what an envelope carries: patches or readings, never both.
type purpose uint8

const (
	writing purpose = iota
	reading
)

// trip is one envelope on its way to the service and back.
type trip struct {
	purpose purpose
	items   []*item
	id      string // client-request-id
	at      time.Time
	reply   *graph.Reply
	err     error // of the call
	unsaid  error // the envelope could not be recorded, so it never left

	byAction bool // status goes by the action updateStatus
	noteOf   func(*diff.Change) string
}

// ahead reports whether the envelope reads changes that are to be sent.
func (t *trip) ahead() bool { return t.purpose == reading && t.items[0].ask == stillBase }

func newTrip(p purpose, items []*item) *trip {
	t := &trip{purpose: p, items: append([]*item(nil), items...), id: graph.NewRequestID()}
	return t
}

// travel records the envelope where it carries writes, makes the call and keeps what came of it.
func (t *trip) travel(ctx context.Context, p Poster, rec Recorder) {
	t.at = time.Now()
	items := make([]graph.Item, len(t.items))
	for i, it := range t.items {
		item, err := t.request(i, it)
		if err != nil {
			t.unsaid = err
			return
		}
		items[i] = item
	}
	if t.purpose == writing {
		changes := make([]*diff.Change, len(t.items))
		for i, it := range t.items {
			changes[i] = it.change
		}
		if t.unsaid = rec.Sending(Envelope{ClientRequestID: t.id, Changes: changes, At: t.at}); t.unsaid != nil {
			return
		}
	}
	t.reply, t.err = p.Batch(ctx, t.id, items)
}

// request is the item as it goes on the wire. Its id is its place in the envelope, from 1.
func (t *trip) request(i int, it *item) (graph.Item, error) {
	req := graph.Item{ID: strconv.Itoa(i + 1), Method: http.MethodGet, URL: graph.TaskURL(it.change.ID())}
	if t.purpose == reading {
		return req, nil
	}
	method, body := http.MethodPatch, json.RawMessage(nil)
	var err error
	switch edits := it.left; {
	case t.byAction && len(edits) == 1 && edits[0].Property == task.Status:
		method, req.URL = http.MethodPost, req.URL+"/updateStatus"
		body, err = t.statusAction(it)
	case it.withheld:
		edits = slices.DeleteFunc(slices.Clone(edits), func(e diff.Edit) bool { return e.Property == task.Status })
		body, err = Patch(edits)
	default:
		body, err = Patch(edits)
	}
	if err != nil {
		return req, fmt.Errorf("task %s: %w", it.change.ID(), err)
	}
	req.Method, req.Body = method, body
	req.Headers = ofJSON
	return req, nil
}

// ofJSON are the headers of every item with a body. Nobody changes them.
var ofJSON = map[string]string{"Content-Type": "application/json"}

// statusAction is the body of updateStatus. The service does not give the note back, so only the status can be verified.
func (t *trip) statusAction(it *item) (json.RawMessage, error) {
	body := map[string]string{"status": it.left[0].Wanted.String()}
	if t.noteOf != nil {
		if note := t.noteOf(it.change); note != "" {
			body["note"] = note
		}
	}
	return json.Marshal(body)
}

// typeMember begins the body of every patch.
var typeMember = `{"@odata.type":` + strconv.Quote(task.ODataType)

// Patch is the body that makes the edits: @odata.type and the edited properties by name, nothing else.
func Patch(edits []diff.Edit) (json.RawMessage, error) {
	if !slices.IsSortedFunc(edits, byName) {
		edits = slices.Clone(edits)
		slices.SortFunc(edits, byName)
	}
	body := append(make([]byte, 0, 256), typeMember...)
	for _, e := range edits {
		raw, err := e.Property.Wire(e.Wanted)
		if err != nil {
			return nil, err
		}
		body = append(append(append(body, `,"`...), e.Property.Name...), `":`...)
		body = append(body, raw...)
	}
	return append(body, '}'), nil
}

func byName(a, b diff.Edit) int { return strings.Compare(a.Property.Name, b.Property.Name) }

// answers matches the reply's answers to the items by id. An item whose answer is missing, doubled or
// without a status that HTTP knows has nil: nothing certain is known of it.
func (t *trip) answers() []*graph.Answer {
	matched := make([]*graph.Answer, len(t.items))
	doubled := make([]bool, len(t.items))
	for k := range t.reply.Answers {
		a := &t.reply.Answers[k]
		n, err := strconv.Atoi(a.ID)
		if err != nil || n < 1 || n > len(t.items) {
			continue
		}
		if matched[n-1] != nil {
			doubled[n-1] = true
		}
		matched[n-1] = a
	}
	for i, a := range matched {
		if a != nil && (doubled[i] || a.Status < 100 || a.Status > 599) {
			matched[i] = nil
		}
	}
	return matched
}
