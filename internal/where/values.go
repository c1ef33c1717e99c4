package where

import (
	"fmt"
	"strconv"
	"time"

	"taskrecon/internal/task"
)

// kindProperty lets an expression ask for the kind of a task as for a property.
var kindProperty = func() *task.Property {
	p := &task.Property{Name: "kind", Kind: task.Enum, Enum: "kind"}
	for _, k := range task.TaskKinds() {
		p.Members = append(p.Members, k.Name)
	}
	return p
}()

// environment is a task as the expression sees it, with the properties that it uses.
func environment(t *task.Task, uses []*task.Property) (map[string]any, error) {
	env := map[string]any{task.IDName: t.ID, kindProperty.Name: ""}
	if k := t.Kind(); k != nil {
		env[kindProperty.Name] = k.Name
	}
	for _, p := range uses {
		v, err := native(p, t.Get(p))
		if err != nil {
			return nil, err
		}
		env[p.Name] = v
	}
	return env, nil
}

// sample gives expr the names and their types.
func sample() map[string]any {
	env, err := environment(&task.Task{}, task.All())
	if err != nil {
		panic(err) // null is good for every kind
	}
	env[meterName] = new(meter)
	return env
}

// native is a value as the expression sees it; its type depends on the kind of p only.
func native(p *task.Property, v task.Value) (any, error) {
	switch p.Kind {
	case task.DateTime:
		t, err := task.ParseTime(v.String())
		if err != nil {
			return time.Time{}, nil // by contract, not a fault
		}
		return t.UTC(), nil
	case task.Int32:
		if v.IsNull() {
			return 0, nil
		}
		n, err := strconv.ParseInt(v.String(), 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%s %q is not an Int32; the expression cannot use it", p.Name, v.String())
		}
		return int(n), nil
	case task.Settings:
		pairs, err := task.PairsOf(v)
		if err != nil {
			return nil, err
		}
		byName := make(map[string]string, len(pairs))
		for _, s := range pairs {
			byName[s.Name] = ""
			if s.Value != nil {
				byName[s.Name] = *s.Value
			}
		}
		return byName, nil
	}
	if member, known := p.Member(v.String()); known {
		return member, nil
	}
	return v.String(), nil
}
