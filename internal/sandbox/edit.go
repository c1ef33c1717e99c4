package sandbox

import (
	"encoding/json"

	"taskrecon/internal/task"
)

// What somebody else writes.
const (
	otherAssignee = "someone.else@contoso.com"
	otherText     = "changed by somebody else"
)

// editListed lets somebody else change tasks that were just listed; s.mu is held.
func (s *Server) editListed(listed []*record) {
	var ids []string
	for _, r := range listed {
		if r.kind == task.ODataType {
			ids = append(ids, task.Key(r.id)) // the records themselves are about to be replaced
		}
	}
	for _, id := range ids {
		f := s.fire(func(a *armed) bool {
			return a.scope == ofListed && (a.Target == "" || task.Key(a.Target) == id)
		})
		s.edit(id, f)
	}
}

// editCalled lets somebody else change the task of a call, as the faults of that name say; s.mu is held.
func (s *Server) editCalled(name string, c *call) {
	f := s.fire(func(a *armed) bool { return a.scope == ofEdit && a.Name == name && a.aimsAt(c) })
	s.edit(c.key, f)
}

func (s *Server) edit(key string, f Fault) {
	i, ok := s.index[key]
	if f.Name == "" || !ok {
		return
	}
	p, text := task.AssignedTo, otherAssignee
	if f.How != "" {
		p = task.Lookup(f.How)
	}
	if p != task.AssignedTo {
		text = otherText
	}
	changed, err := s.tasks[i].with([]member{{p.Name, json.RawMessage(encode(text))}})
	if err != nil {
		return // the task is no JSON object, which New would have refused
	}
	s.tasks[i] = changed
	s.stats.Edits++
}
