package simulation

import (
	"encoding/json"
	"time"

	"taskrecon/internal/sandbox"
	"taskrecon/internal/task"
)

// state is what the tenant held of a task, from at until the next state.
type state struct {
	at      time.Time
	by      sandbox.Author
	request string
	item    string
	values  values // nil once it is deleted
}

// history is every state of a task, the first one first. A task that never was has none.
type history []state

func (w *world) history(key string) history {
	var h history
	for _, v := range w.server.History(key) {
		h = append(h, state{v.At, v.By, v.Request, v.Item, valuesOf(v.Task, key)})
	}
	return h
}

// at is what the tenant held at a time.
func (h history) at(t time.Time) values {
	var held values
	for i, s := range h {
		if i > 0 && s.at.After(t) {
			break
		}
		held = s.values
	}
	return held
}

// ever reports whether a state of the time from one moment to another fits.
func (h history) ever(from, to time.Time, fits func(values) bool) bool {
	if to.Before(from) {
		return false
	}
	for i, s := range h {
		ended := i+1 < len(h) && !h[i+1].at.After(from) // it ended before
		begins := i > 0 && s.at.After(to)
		if !ended && !begins && fits(s.values) {
			return true
		}
	}
	return len(h) == 0 && fits(nil)
}

// others reports whether another editor, or a deletion, made a state in a time.
func (h history) others(from, to time.Time, fits func(before, after values) bool) bool {
	for i, s := range h {
		if i > 0 && (s.by == sandbox.ByOther || s.by == sandbox.ByDeletion) && !s.at.Before(from) && !s.at.After(to) && fits(h[i-1].values, s.values) {
			return true
		}
	}
	return false
}

// rawValue is a value of JSON as the sandbox takes it.
func rawValue(text string) any {
	if text == `""` {
		return nil
	}
	return json.RawMessage(text)
}

// valueOf is a value of JSON as the program has it.
func valueOf(text string) task.Value {
	if text == `""` || text == "" {
		return task.Null
	}
	var s string
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		panic(err)
	}
	return task.Text(s)
}
