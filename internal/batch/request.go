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
)

// request is one envelope on its way to the service and back. It carries writes or looks, never both.
type request struct {
	kind   callKind
	rows   []*row
	call   *call  // in the budget
	id     string // client-request-id
	at     time.Time
	reply  *graph.Reply
	err    error // of the call
	unsaid error // the envelope could not be recorded, so it never left
}

// do records the envelope where it carries writes, makes the call and keeps what came of it.
func (t *request) do(ctx context.Context, p Poster, rec Recorder) {
	items := make([]graph.Item, len(t.rows))
	for i, r := range t.rows {
		item, err := t.item(i, r)
		if err != nil {
			t.unsaid = err
			return
		}
		items[i] = item
	}
	if t.kind == write {
		if t.unsaid = rec.Sending(t.envelope()); t.unsaid != nil {
			return
		}
	}
	t.reply, t.err = p.Batch(ctx, t.id, items)
}

// envelope is the envelope as it is announced.
func (t *request) envelope() diff.Envelope {
	e := diff.Envelope{ClientRequestID: t.id, At: t.at}
	for _, r := range t.rows {
		e.Changes = append(e.Changes, r.change)
		e.Writes = append(e.Writes, r.writes[r.step].Via)
		e.Overwrites = append(e.Overwrites, r.found)
	}
	return e
}

// item is the request for a row as it goes on the wire. Its id is its place in the envelope, from 1.
func (t *request) item(i int, r *row) (graph.Item, error) {
	req := graph.Item{ID: strconv.Itoa(i + 1), Method: http.MethodGet, URL: graph.TaskURL(r.change.ID())}
	if t.kind != write {
		return req, nil
	}
	var err error
	if w := r.writes[r.step]; w.Via == diff.ViaAction {
		req.Method, req.URL = http.MethodPost, req.URL+"/updateStatus"
		req.Body, err = statusAction(w.Edits[0], r.change.Note)
	} else {
		req.Method = http.MethodPatch
		req.Body, err = Patch(r.change.Current.Type, w.Edits)
	}
	if err != nil {
		return req, fmt.Errorf("task %s: %w", r.change.ID(), err)
	}
	req.Headers = ofJSON
	return req, nil
}

// ofJSON are the headers of every item with a body. They are never changed.
var ofJSON = map[string]string{"Content-Type": "application/json"}

// statusAction is the body of updateStatus. The service does not give the note back, so only the status can be verified.
func statusAction(e diff.Edit, note string) (json.RawMessage, error) {
	body := map[string]string{"status": e.Wanted.String()}
	if note != "" {
		body["note"] = note
	}
	return json.Marshal(body)
}

// Patch is the body that makes the edits of a task of that @odata.type: the type and the edited properties by name, nothing else.
func Patch(odataType string, edits []diff.Edit) (json.RawMessage, error) {
	edits = slices.SortedFunc(slices.Values(edits), func(a, b diff.Edit) int { return strings.Compare(a.Property.Name, b.Property.Name) })
	body := append(make([]byte, 0, 256), `{"@odata.type":`+strconv.Quote(odataType)...)
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

// lookOf is what the answer to the look at one row shows.
func (t *request) lookOf(i int, a *graph.Answer, came time.Time) look {
	l := look{asked: t.at, came: came}
	switch {
	case a == nil:
		l.why = "the answer was missing, doubled or unreadable"
	case a.Status == http.StatusNotFound && !a.Withheld:
		l.none = true
	case a.Status != http.StatusOK:
		l.why = a.Err().Error()
	default:
		found, err := a.Task(t.rows[i].change.ID())
		switch {
		case err != nil:
			l.why = err.Error()
		case found.Type != t.rows[i].change.Current.Type && found.Type != "":
			l.why = "the answer holds " + diff.TypeName(found.Type)
		default:
			l.task = found
		}
	}
	return l
}

// landLooks deals with what came of an envelope of looks.
func (s *sender) landLooks(t *request, now time.Time) {
	if t.err != nil {
		s.landNoLooks(t, now)
		return
	}
	pause := t.reply.RetryAfter
	for i, a := range t.reply.Match(len(t.rows)) {
		if a != nil && (a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable) {
			if a.Status == http.StatusTooManyRequests {
				s.account.Throttled++
			}
			pause = max(pause, graph.Pause(a.Err().RetryAfter, t.rows[i].failed+1))
		}
		s.judge(t.rows[i], t.lookOf(i, a, now))
	}
	if pause > 0 {
		s.pause(pause, "the service asked for it")
	}
}

// landNoLooks deals with a call of looks that failed as a whole.
func (s *sender) landNoLooks(t *request, now time.Time) {
	v, refusal := verdictOnCall(t.err)
	switch {
	case v == neverLeft, v == noEntry: // and so no look can be had any more
		s.stop(t.err)
		s.leaveNow()
	case v == neverOnWire:
		s.unreached(t, now)
	case v == renewed:
		for _, r := range slices.Backward(t.rows) {
			s.lookAgain(r, now)
		}
		return
	case v == tooLarge && len(t.rows) > 1:
		s.most = min(s.most, (len(t.rows)+1)/2)
	case refusal != nil && refusal.Status == http.StatusTooManyRequests:
		s.account.Throttled++
		s.pause(graph.Pause(refusal.RetryAfter, t.mostAttempts()), "the service asked for it")
	default:
		asked := time.Duration(-1)
		if refusal != nil {
			asked = refusal.RetryAfter
		}
		s.pause(graph.Pause(asked, t.mostAttempts()), "the service is in trouble")
	}
	for _, r := range t.rows {
		s.judge(r, look{asked: t.at, came: now, why: t.err.Error()})
	}
}

// lookAgain has a row looked at again whose look was never answered through no fault of the service.
func (s *sender) lookAgain(r *row, now time.Time) {
	switch {
	case r.why != unsent && r.why != refused:
		s.lookAt(r, now)
	case s.stopped:
		s.drop(r, now)
	default:
		s.queue = slices.Insert(s.queue, 0, r)
	}
}
