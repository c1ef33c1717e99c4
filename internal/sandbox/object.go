package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// member is one name and value of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// members reads a JSON object in its order. A name that is there twice, or anything after the object,
// is an error. The values are parts of data.
func members(data []byte) ([]member, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowInvalidUTF8(true))
	if dec.PeekKind() != '{' {
		return nil, errors.New("want a JSON object")
	}
	out := make([]member, 0, 24)
	_, err := dec.ReadToken()
	for err == nil && dec.PeekKind() != '}' {
		var name jsontext.Token
		if name, err = dec.ReadToken(); err != nil {
			break
		}
		m := member{name: name.String()}
		var value jsontext.Value // which is good until dec reads on
		value, err = dec.ReadValue()
		end := dec.InputOffset()
		m.value = data[end-int64(len(value)) : end : end]
		out = append(out, m)
	}
	if err == nil {
		_, err = dec.ReadToken()
	}
	if err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
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
	for _, c := range changes {
		if i := slices.IndexFunc(all, func(m member) bool { return m.name == c.name }); i >= 0 {
			all[i].value = c.value
		} else {
			all = append(all, c)
		}
	}
	body := make([]byte, 0, len(r.body)+64)
	for i, m := range all {
		body = append(append(append(body, "{,"[min(i, 1)]), encode(m.name)...), ':')
		body = append(body, m.value...)
	}
	return &record{id: r.id, kind: r.kind, body: append(body, '}')}, nil
}
