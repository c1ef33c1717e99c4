package sandbox

import (
	"bytes"
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

// members reads a JSON object in its order. A name that stands twice, or anything after the object,
// is an error. The values are parts of data.
func members(data []byte) ([]member, error) {
	var room [8]span
	spans, ok := ordinary(data, room[:0])
	if !ok {
		return anyMembers(data)
	}
	out := make([]member, len(spans))
	for i, s := range spans {
		out[i] = member{string(s.name), s.value}
	}
	return out, nil
}

// anyMembers reads every object there is, and says what is wrong where there is none.
func anyMembers(data []byte) ([]member, error) {
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

// span is one name, without its quotes, and value of a JSON object, where they stand in its text.
type span struct{ name, value []byte }

// mostSpans is how many members an ordinary object has: few enough to compare each name with all others.
const mostSpans = 64

// ordinary adds the members of an object to spans. It is not ok for one that is wrong, or has more members or other names than the
// service's own.
func ordinary(data []byte, spans []span) (_ []span, ok bool) {
	dec := task.Tokens(data)
	if dec.PeekKind() != '{' {
		return nil, false
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, false
	}
	for dec.PeekKind() != '}' {
		quoted, err := dec.ReadValue()
		if err != nil || !isPlain(quoted[1:len(quoted)-1]) || len(spans) == mostSpans {
			return nil, false
		}
		end := dec.InputOffset()
		name := data[end-int64(len(quoted))+1 : end-1]
		if slices.ContainsFunc(spans, func(s span) bool { return bytes.Equal(s.name, name) }) {
			return nil, false
		}
		value, err := dec.ReadValue()
		if err != nil {
			return nil, false
		}
		end = dec.InputOffset()
		spans = append(spans, span{name, data[end-int64(len(value)) : end : end]})
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, false
	}
	_, err := dec.ReadToken()
	return spans, errors.Is(err, io.EOF)
}

// isPlain reports whether a text stands in JSON as it is.
func isPlain[T ~string | ~[]byte](text T) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x80 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// with returns the record with changes made, keeping the order of its members; new ones come last.
func (r *record) with(changes []member) (*record, error) {
	var room [24]span
	spans, ok := ordinary(r.body, room[:0])
	if !ok {
		return r.anyWith(changes)
	}
	body := make([]byte, 0, len(r.body)+64)
	add := func(name, value []byte) {
		body = append(body, "{,"[min(len(body), 1)], '"')
		body = append(append(body, name...), `":`...)
		body = append(body, value...)
	}
	made := 0
	for _, s := range spans {
		i := slices.IndexFunc(changes, func(c member) bool { return c.name == string(s.name) })
		if i >= 0 {
			made++
			s.value = changes[i].value
		}
		add(s.name, s.value)
	}
	if made < len(changes) {
		return r.anyWith(changes)
	}
	return &record{id: r.id, kind: r.kind, body: append(body, '}')}, nil
}

// anyWith is with for every record there is.
func (r *record) anyWith(changes []member) (*record, error) {
	all, err := anyMembers(r.body)
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
