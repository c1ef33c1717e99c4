package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// record is one state of a task. It is not changed once it is the tenant's; the type is the same in all states.
type record struct {
	id      string
	kind    string // @odata.type
	body    []byte // compact JSON object of at least an id; nil once the task is deleted
	Version        // without Task, which is body
	before  *record
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
