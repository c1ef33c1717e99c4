package where

import (
	"fmt"
	"strconv"
	"time"

	"taskrecon/internal/task"
)

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
		return whole(p, v)
	case task.Settings:
		return settings(v)
	}
	return v.String(), nil
}

func whole(p *task.Property, v task.Value) (int, error) {
	if v.IsNull() {
		return 0, nil
	}
	n, err := strconv.ParseInt(v.String(), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s %q is not an Int32; the expression cannot use it", p.Name, v.String())
	}
	return int(n), nil
}

func settings(v task.Value) (map[string]string, error) {
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
