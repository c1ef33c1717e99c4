package sandbox

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"taskrecon/internal/task"
)

// Author is what made a version of a task.
type Author string

const (
	ByStart    Author = "start" // the task as New got it
	ByPatch    Author = KindPatch
	ByStatus   Author = KindStatus // updateStatus
	ByOther    Author = "other"    // another editor, by Edit or a fault of that name
	ByDeletion Author = "deletion"
)

// Version is one state of a task, from At until the next one.
type Version struct {
	At      time.Time       // when it took effect
	By      Author          // what made it
	Request string          // client-request-id of the call, or of the item where it has its own; "" if no call made it
	Item    string          // id of the item in its batch, "" for none
	Task    json.RawMessage // nil once the task is deleted
}

// History returns every state that a task had, the first one first; nil if there never was such a task.
func (s *Server) History(id string) []Version {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.index[task.Key(id)]
	if !ok {
		return nil
	}
	var all []Version
	for r := s.tasks[i]; r != nil; r = r.before {
		v := r.Version
		v.Task = slices.Clone(r.body)
		all = append(all, v)
	}
	slices.Reverse(all)
	return all
}

// Edit sets properties of a task as another editor, at once and outside of the limits. The values are encoded as JSON and kept as they
// are. It reports whether there is such a task.
func (s *Server) Edit(id string, properties map[string]any) bool {
	var changes []member
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		changes = append(changes, member{name, json.RawMessage(encode(properties[name]))})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.at(task.Key(id))
	if !ok {
		return false
	}
	changed, err := s.tasks[i].with(changes)
	if err != nil {
		return false // the task is no JSON object, which New refuses
	}
	s.become(i, changed, Version{By: ByOther})
	s.stats.Edits++
	return true
}

// What another editor writes where a fault has no say in it.
const (
	otherAssignee = "someone.else@contoso.com"
	otherText     = "changed by somebody else"
)

// editAs has another editor set a property of a task, if one is named.
func (s *Server) editAs(id, property string) {
	text := otherText
	if property == task.AssignedTo.Name {
		text = otherAssignee
	}
	if property != "" {
		s.Edit(id, map[string]any{property: text})
	}
}

// Delete removes a task as another editor. It reports whether there was one.
func (s *Server) Delete(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.at(task.Key(id))
	if ok {
		s.become(i, &record{id: s.tasks[i].id, kind: s.tasks[i].kind}, Version{By: ByDeletion})
	}
	return ok
}

// become makes r the state of a task from now on; s.mu is held.
func (s *Server) become(i int, r *record, by Version) {
	by.At = time.Now()
	r.Version, r.before = by, s.tasks[i]
	s.tasks[i] = r
}

// at finds a task that is there now; s.mu is held.
func (s *Server) at(key string) (i int, ok bool) {
	i, ok = s.index[key]
	return i, ok && s.tasks[i].body != nil
}

// asOf is the state that a task had at t, or its first one where t is before that.
func (r *record) asOf(t time.Time) *record {
	for r.before != nil && r.At.After(t) {
		r = r.before
	}
	return r
}
