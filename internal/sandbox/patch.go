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

// base holds the properties that every kind of task has; tasks that are no
// securityConfigurationTask take no others here.
var base = map[string]bool{
	"displayName": true, "description": true, "createdDateTime": true, "dueDateTime": true, "category": true,
	"priority": true, "creator": true, "creatorNotes": true, "assignedTo": true, "status": true,
}

// draft is a write worked out before its turn, on the task as it was then: s.mu is not held for it.
type draft struct {
	on      *record // nil where there is no such task
	changes []member
	made    *record
	err     error // the write is refused
}

// draft works a write out; that of any other call is empty.
func (s *Server) draft(c *call) draft {
	i, ok := s.index[c.key]
	if !ok || !c.isWrite() {
		return draft{}
	}
	s.mu.Lock()
	d := draft{on: s.tasks[i]}
	s.mu.Unlock()
	if c.kind == kindPatch {
		d.changes, d.err = readPatch(d.on.kind, c.body)
	} else {
		d.changes, d.err = readStatus(c.body)
	}
	if d.err == nil {
		d.made, d.err = d.on.with(d.changes)
	}
	return d
}

// store carries a draft out on the task as it is now, and returns what the tenant then holds; s.mu is held.
func (s *Server) store(c *call, d draft, fault string) (*record, error) {
	i := s.index[c.key]
	changed, err := d.made, d.err
	lies := fault == "lie" && c.kind == kindPatch && len(d.changes) > 0
	if err == nil && (lies || s.tasks[i] != d.on) {
		if lies {
			d.changes = d.changes[:len(d.changes)-1]
		}
		changed, err = s.tasks[i].with(d.changes)
	}
	if err != nil {
		return nil, err
	}
	if fault == "ignore" {
		return s.tasks[i], nil
	}
	s.stats.Applied[c.key]++
	s.tasks[i] = changed
	return changed, nil
}

// patch changes one task, all of it or nothing; s.mu is held.
func (s *Server) patch(c *call, d draft, fault string) answer {
	if d.on == nil {
		return c.notFound()
	}
	changed, err := s.store(c, d, fault)
	if err != nil {
		return c.badRequest(err)
	}
	if s.opt.Answer204 {
		return answer{status: http.StatusNoContent}
	}
	return c.whole(changed)
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
	case p == nil || (kind != task.ODataType && !base[m.name]):
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

// updateStatus is the action of that name; the note is taken and cannot be read back. s.mu is held.
func (s *Server) updateStatus(c *call, d draft, fault string) answer {
	if d.on == nil {
		return c.notFound()
	}
	if _, err := s.store(c, d, fault); err != nil {
		return c.badRequest(err)
	}
	return answer{status: http.StatusNoContent}
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
