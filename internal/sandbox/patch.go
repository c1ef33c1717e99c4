package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"taskrecon/internal/task"
)

// draft is a write worked out before its turn, on the task as it was then: s.mu is not held for it.
type draft struct {
	on      *record // nil where there is no such task
	changes []member
	made    *record
	err     error // the write is refused
}

// draft works a write out, without the properties of a PATCH that are decided to be left alone.
func (s *Server) draft(c *call, decided Decision) draft {
	s.mu.Lock()
	i, ok := s.at(c.key)
	if !ok {
		s.mu.Unlock()
		return draft{}
	}
	d := draft{on: s.tasks[i]}
	s.mu.Unlock()
	if c.kind == KindPatch {
		d.changes, d.err = readPatch(d.on.kind, c.body)
	} else {
		d.changes, d.err = readStatus(c.body)
	}
	if decided.Partly && c.kind == KindPatch && len(d.changes) > 0 {
		d.changes = d.changes[:len(d.changes)-1]
	}
	if decided.KeepStatus && c.kind == KindPatch {
		d.changes = slices.DeleteFunc(d.changes, func(m member) bool { return m.name == task.Status.Name })
	}
	if d.err == nil {
		d.made, d.err = d.on.with(d.changes)
	}
	return d
}

// lateWrite is a write that takes effect after its answer.
type lateWrite struct {
	i       int
	changes []member
	by      Version
	after   time.Duration
}

// write carries out a PATCH or updateStatus, all of it or nothing. The note of updateStatus is taken and cannot be read back.
func (s *Server) write(c *call, d Decision) answer {
	w := s.draft(c, d)
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.at(c.key)
	if !ok || w.on == nil {
		return c.notFound()
	}
	old := s.tasks[i]
	if w.err == nil && old != w.on {
		w.made, w.err = old.with(w.changes)
	}
	if w.err != nil {
		return c.badRequest(w.err)
	}
	by := Version{By: Author(c.kind), Request: c.clientRequestID, Item: c.itemID}
	switch {
	case d.Never:
	case d.Late > 0:
		s.stats.Pending++
		*c.late = append(*c.late, lateWrite{i, w.changes, by, d.Late})
	default:
		s.stats.Applied[c.key]++
		s.become(i, w.made, by)
	}
	switch {
	case c.kind == KindStatus:
		return answer{status: http.StatusNoContent}
	case d.Body == BodyOld:
		return c.whole(old.shown(d))
	}
	return c.whole(w.made.shown(d))
}

// release starts the time of a call's late writes, now that it is answered.
func (s *Server) release(c *call) {
	for _, w := range *c.late {
		time.AfterFunc(w.after, func() { s.takeEffect(w) })
	}
}

// takeEffect makes a late write on the task as it is by then; one that was deleted stays so.
func (s *Server) takeEffect(w lateWrite) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Pending--
	now := s.tasks[w.i]
	if changed, err := now.with(w.changes); err == nil { // a task that was deleted is no object
		s.stats.Applied[task.Key(now.id)]++
		s.become(w.i, changed, w.by)
	}
}

// readPatch validates the body of a PATCH of a task of the given type and returns the changes in
// the form in which the tenant keeps them.
func readPatch(kind string, body []byte) ([]member, error) {
	all, err := members(body)
	if err != nil {
		return nil, badf("Invalid JSON in the request body: %v.", err)
	}
	typed := false
	var changes []member
	for _, m := range all {
		if m.name == "@odata.type" {
			var got string
			if json.Unmarshal(m.value, &got) != nil || "#"+strings.TrimPrefix(got, "#") != kind {
				return nil, badf("The type %s does not fit the task, which is a %s.", m.value, strings.TrimPrefix(kind, "#"))
			}
			typed = true
			continue
		}
		stored, err := readProperty(kind, m)
		if err != nil {
			return nil, err
		}
		changes = append(changes, stored)
	}
	if !typed {
		return nil, badf("The request body must hold '@odata.type': the entity type is abstract.")
	}
	return changes, nil
}

func readProperty(kind string, m member) (member, error) {
	p := task.Lookup(m.name)
	switch {
	case m.name == task.IDName || (p != nil && !p.Writable):
		return m, badf("The property '%s' is read-only and cannot be updated.", m.name)
	case p == nil || !task.KindOf(kind).Has(p):
		return m, badf("The property '%s' does not exist on type '%s'. Make sure to only use property names that are defined by the type.", m.name, strings.TrimPrefix(kind, "#"))
	}
	value, err := readValue(p, m.value)
	return member{m.name, value}, err
}

// readValue validates a value of p and returns it as the tenant keeps it.
func readValue(p *task.Property, raw json.RawMessage) (json.RawMessage, error) {
	if string(raw) == "null" {
		if !p.Nullable {
			return nil, badf("A null value was found for the property named '%s', which does not allow null values.", p.Name)
		}
		return raw, nil
	}
	switch p.Kind {
	case task.Int32:
		return readInt32(p, raw)
	case task.Settings:
		return readSettings(p, raw)
	case task.Devices:
		return raw, nil // never written by a client
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, badf("Cannot convert the value of '%s' to the expected type: a string was expected.", p.Name)
	}
	switch p.Kind {
	case task.DateTime:
		return readDateTime(p, text)
	case task.Enum:
		if !slices.Contains(p.Members, text) {
			return nil, badf("Cannot convert the literal '%s' to the expected type of '%s'.", text, p.Name)
		}
	}
	return json.RawMessage(encode(text)), nil
}

var wholeNumber = regexp.MustCompile(`^-?\d+$`)

func readInt32(p *task.Property, raw json.RawMessage) (json.RawMessage, error) {
	n, err := strconv.ParseInt(string(raw), 10, 32)
	if err != nil || !wholeNumber.Match(raw) {
		return nil, badf("Cannot convert the literal '%s' to the expected type 'Edm.Int32' of '%s'.", raw, p.Name)
	}
	return strconv.AppendInt(nil, n, 10), nil
}

var dateTimeOffset = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)$`)

// unsetDate is the value by which Intune says that a date-time has none.
const unsetDate = "0001-01-01T00:00:00Z"

// readDateTime keeps a date-time as Intune does: in UTC, with seven fractional digits.
func readDateTime(p *task.Property, text string) (json.RawMessage, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	t = t.UTC()
	if err != nil || !dateTimeOffset.MatchString(text) || t.Year() < 1 || t.Year() > 9999 {
		return nil, badf("Cannot convert the literal '%s' to the expected type 'Edm.DateTimeOffset' of '%s'.", text, p.Name)
	}
	if t.IsZero() {
		return json.RawMessage(`"` + unsetDate + `"`), nil
	}
	return json.RawMessage(t.Format(`"2006-01-02T15:04:05.0000000Z"`)), nil
}

type pair struct {
	Type  *string `json:"@odata.type,omitempty"`
	Name  *string `json:"name"`
	Value *string `json:"value"`
}

func readSettings(p *task.Property, raw json.RawMessage) (json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var pairs []*pair
	if err := dec.Decode(&pairs); err != nil {
		return nil, badf("Cannot convert the value of '%s' to 'Collection(microsoft.graph.keyValuePair)': %v.", p.Name, err)
	}
	for i, kv := range pairs {
		if kv == nil || kv.Name == nil {
			return nil, badf("Element %d of '%s' has no 'name', which does not allow null values.", i, p.Name)
		}
		if kv.Type != nil && strings.TrimPrefix(*kv.Type, "#") != "microsoft.graph.keyValuePair" {
			return nil, badf("Element %d of '%s' is of the type '%s'.", i, p.Name, *kv.Type)
		}
		kv.Type = nil
	}
	return json.RawMessage(encode(pairs)), nil
}

// readStatus validates the parameters of updateStatus and returns the change that it makes.
func readStatus(body []byte) ([]member, error) {
	var status json.RawMessage
	all, err := members(body)
	if err != nil {
		return nil, badf("Invalid JSON in the request body: %v.", err)
	}
	for _, m := range all {
		switch m.name {
		case "status":
			if status, err = readValue(task.Status, m.value); err != nil {
				return nil, err
			}
		case "note":
			var note *string
			if err := json.Unmarshal(m.value, &note); err != nil {
				return nil, badf("Cannot convert the value of 'note' to 'Edm.String'.")
			}
		default:
			return nil, badf("The parameter '%s' does not exist on the action 'updateStatus'.", m.name)
		}
	}
	if status == nil {
		return nil, badf("The action 'updateStatus' needs the parameter 'status'.")
	}
	return []member{{task.Status.Name, status}}, nil
}
