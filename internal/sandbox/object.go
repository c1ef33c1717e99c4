package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"taskrecon/internal/task"
)

// member is one name and value of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// members reads a JSON object in its order. A name that is there twice, or anything after the object,
// is an error. The values are parts of data.
func members(data []byte) ([]member, error) {
	out := make([]member, 0, 24)
	dec := task.Tokens(data)
	err := task.Members(dec, func(quoted []byte) error {
		m := member{name: string(quoted[1 : len(quoted)-1])}
		if !isPlain(m.name) {
			if err := json.Unmarshal(quoted, &m.name); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(out, func(o member) bool { return o.name == m.name }) {
			return fmt.Errorf("the name '%s' is there twice", m.name)
		}
		value, err := dec.ReadValue()
		end := dec.InputOffset()
		m.value = data[end-int64(len(value)) : end : end]
		out = append(out, m)
		return err
	})
	if errors.Is(err, task.ErrUnusual) {
		return nil, errors.New("want a JSON object")
	}
	if err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something after the JSON object")
	}
	return out, nil
}

// isPlain reports whether JSON writes a text as it is.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x80 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// with returns the record with changes made, keeping the order of its members; new ones come last.
func (r *record) with(changes []member) (*record, error) {
	all, err := members(r.body)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		if i := slices.IndexFunc(all, func(m member) bool { return m.name == c.name }); i >= 0 {
			all[i].value = c.value
		} else {
			all = append(all, c)
		}
	}
	body := make([]byte, 0, len(r.body)+64)
	for i, m := range all {
		body = append(body, "{,"[min(i, 1)])
		if isPlain(m.name) {
			body = append(append(append(body, '"'), m.name...), '"')
		} else {
			body = append(body, encode(m.name)...)
		}
		body = append(append(body, ':'), m.value...)
	}
	return &record{id: r.id, kind: r.kind, body: append(body, '}')}, nil
}
