package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"taskrecon/internal/task"
)

// page is one page of the list.
type page struct {
	Value []*task.Task `json:"value"`
	Next  string       `json:"@odata.nextLink"`
}

// decodePage reads a page: in one pass where it has the shape that Graph sends, else as encoding/json reads it, which
// also says what is wrong with it. Tasks of all the pages of one list are read by the same decoder.
func decodePage(tasks *task.Decoder, body []byte) (*page, error) {
	if p, err := ordinaryPage(tasks, body); err == nil {
		return p, nil
	}
	p := new(page)
	return p, json.Unmarshal(body, p)
}

type pageReader struct {
	dec   *jsontext.Decoder
	tasks *task.Decoder
	page  *page
}

// ordinaryPage reads an object with one value, an array of tasks; any error means that the page is to be read otherwise.
func ordinaryPage(tasks *task.Decoder, body []byte) (*page, error) {
	r := pageReader{dec: task.Tokens(body), tasks: tasks, page: new(page)}
	if err := task.Members(r.dec, r.member); err != nil {
		return nil, err
	}
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, task.ErrUnusual
	}
	return r.page, nil
}

var valueName, nextName = []byte(`"value"`), []byte(`"@odata.nextLink"`)

// member reads the value of the page's member with this name, in quotes.
func (r *pageReader) member(name []byte) error {
	switch {
	case bytes.Equal(name, valueName) && r.page.Value == nil:
		return r.value()
	case bytes.Equal(name, nextName) && r.page.Next == "":
		return r.next()
	case bytes.IndexByte(name, '\\') >= 0 || bytes.EqualFold(name, valueName) || bytes.EqualFold(name, nextName):
		return task.ErrUnusual
	}
	return r.dec.SkipValue()
}

func (r *pageReader) value() error {
	r.page.Value = []*task.Task{}
	return task.Elements(r.dec, func() error {
		t, err := r.tasks.Next(r.dec)
		r.page.Value = append(r.page.Value, t)
		return err
	})
}

func (r *pageReader) next() error {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, &r.page.Next)
}
