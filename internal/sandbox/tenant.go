package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// record is one task as the tenant keeps it. The type never changes; body is replaced, not edited.
type record struct {
	id   string
	kind string // @odata.type
	body []byte // compact JSON object of at least an id
}

func newRecord(raw json.RawMessage) (*record, error) {
	var head struct {
		ID   string `json:"id"`
		Type string `json:"@odata.type"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("not a JSON object with an id: %w", err)
	}
	if head.ID == "" || head.Type == "" {
		return nil, errors.New("a task needs an id and an @odata.type")
	}
	var buf bytes.Buffer
	if err := json.Compact(&buf, raw); err != nil {
		return nil, err
	}
	return &record{id: head.ID, kind: head.Type, body: buf.Bytes()}, nil
}

// Load reads a tenant file: a list as Graph answers it, {"value":[...]}, or a bare array. Tasks are
// checked for shape only (an id and an @odata.type), since a tenant may hold values that the program
// has never seen.
func Load(r io.Reader) ([]json.RawMessage, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading the tasks: %w", err)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var tasks []json.RawMessage
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		err = json.Unmarshal(data, &tasks)
	} else {
		var list struct {
			Value *[]json.RawMessage `json:"value"`
		}
		if err = json.Unmarshal(data, &list); err == nil && list.Value == nil {
			err = errors.New(`want {"value":[...]} or an array`)
		}
		if list.Value != nil {
			tasks = *list.Value
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the tasks are not as Graph lists them: %w", err)
	}
	for i, raw := range tasks {
		rec, err := newRecord(raw)
		if err != nil {
			return nil, fmt.Errorf("task %d: %w", i+1, err)
		}
		tasks[i] = rec.body
	}
	return tasks, nil
}

// member is one name and value of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// members reads a JSON object in its order. A name that stands twice, or anything after the object,
// is an error.
func members(data []byte) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("want a JSON object")
	}
	var out []member
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: t.(string)} // the decoder gives nothing else in the place of a name
		if err := dec.Decode(&m.value); err != nil {
			return nil, err
		}
		if seen[m.name] {
			return nil, fmt.Errorf("the name '%s' stands twice", m.name)
		}
		seen[m.name] = true
		out = append(out, m)
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("there is something after the JSON object")
	}
	return out, nil
}

// with returns the record with changes made, keeping the order of its members; new ones come last.
func (r *record) with(changes []member) (*record, error) {
	all, err := members(r.body)
	if err != nil {
		return nil, err
	}
next:
	for _, c := range changes {
		for i := range all {
			if all[i].name == c.name {
				all[i].value = c.value
				continue next
			}
		}
		all = append(all, c)
	}
	body := make([]byte, 0, len(r.body)+64)
	for i, m := range all {
		body = append(body, "{,"[min(i, 1)])
		body = append(body, encode(m.name)...)
		body = append(body, ':')
		body = append(body, m.value...)
	}
	return &record{id: r.id, kind: r.kind, body: append(body, '}')}, nil
}
