package task

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"unique"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrUnusual says that JSON is of a shape that Members and Elements do not read.
var ErrUnusual = errors.New("JSON of an unusual shape")

// Tokens returns a reader of data that takes what encoding/json takes: names that are there twice, and bytes that are no UTF-8.
// Data must not be changed while it is in use.
func Tokens(data []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// Members reads the object that comes next in dec, in which f reads each value: it is called with the name before it, in
// quotes, which is good until f reads on. Anything else than an object is ErrUnusual.
func Members(dec *jsontext.Decoder, f func(name []byte) error) error {
	return nested(dec, '{', func() error {
		name, err := dec.ReadValue()
		if err != nil {
			return err
		}
		return f(name)
	})
}

// Elements reads the array that comes next in dec, in which f reads each element. Anything else than an array is ErrUnusual.
func Elements(dec *jsontext.Decoder, f func() error) error { return nested(dec, '[', f) }

func nested(dec *jsontext.Decoder, open jsontext.Kind, f func() error) error {
	if dec.PeekKind() != open {
		return ErrUnusual
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for end := open + 2; dec.PeekKind() != end; { // '}' follows '{', as ']' follows '[', by two
		if err := f(); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// UnmarshalJSON reads a task as Graph sends it. Only JSON of the wrong shape is an error.
func (t *Task) UnmarshalJSON(data []byte) error { return t.UnmarshalJSONFrom(Tokens(data)) }

const typeName = "@odata.type"

// UnmarshalJSONFrom is UnmarshalJSON of the value that comes next in dec. After an error about its shape dec is behind it, and the id is known
// if it could be read.
func (t *Task) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*t = Task{}
	var strange error
	var wrong [Count]error // which counts only for the kinds that have the property
	err := Members(dec, func(quoted []byte) error {
		name := quoted[1 : len(quoted)-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			name, _ = jsontext.AppendUnquote(nil, quoted)
		}
		p, isID, isType := byName[string(name)], string(name) == IDName, string(name) == typeName
		if p == nil && !isID && !isType {
			return dec.SkipValue()
		}
		raw, err := dec.ReadValue()
		switch {
		case err != nil:
		case isID:
			var err error
			t.ID, err = member(IDName, raw)
			strange = cmp.Or(strange, err)
		case isType:
			name, err := member(typeName, raw)
			t.Type, strange = unique.Make(name).Value(), cmp.Or(strange, err)
		default:
			wrong[p.index] = t.setWire(p, raw)
		}
		return err
	})
	switch {
	case errors.Is(err, ErrUnusual):
		raw, _ := dec.ReadValue()
		return fmt.Errorf("want a task, got %s", clip(raw.String()))
	case err != nil:
		return err
	case strange != nil:
		return strange
	case t.ID == "":
		return errors.New("the task has no id")
	case t.Type == "":
	case !t.Managed():
		name := t.Get(DisplayName) // another type may mean something else by the other names
		t.values = values{}
		t.Set(DisplayName, name)
		return nil
	}
	kind := t.Kind()
	for i := range table {
		p := table[i].Property
		switch {
		case kind != nil && !kind.Has(p):
			t.Set(p, Null)
			t.values.had &^= 1 << p.index
		case wrong[p.index] != nil:
			return fmt.Errorf("task %s: %w", t.ID, wrong[p.index])
		}
	}
	return nil
}

func (t *Task) setWire(p *Property, raw []byte) error {
	v, err := p.FromWire(raw)
	if p.Kind == Enum || p.Kind == Settings || p == AssignedTo || p == Creator {
		v.text = unique.Make(v.text).Value() // many tasks share these
	}
	t.Set(p, v)
	t.values.had |= 1 << p.index
	return err
}

// member reads a text; null is "".
func member(name string, raw []byte) (string, error) {
	if string(raw) == "null" {
		return "", nil
	}
	s, ok := wireText(raw)
	if !ok {
		return "", fmt.Errorf("%s: want a JSON string, got %s", name, clip(string(raw)))
	}
	return s, nil
}

// wireText is the text of a JSON string.
func wireText(raw []byte) (string, bool) {
	if raw[0] != '"' {
		return "", false
	}
	if text, err := jsontext.AppendUnquote(nil, raw); err == nil {
		return string(text), true
	}
	var s string // with bytes that are no UTF-8
	return s, json.Unmarshal(raw, &s) == nil
}
