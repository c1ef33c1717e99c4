package simulation

import (
	"encoding/json"
	"slices"
	"time"

	"taskrecon/internal/task"
)

// look is a task as a leg saw it.
type look struct {
	asked, came time.Time
	as          time.Time // it shows the state of this time
	values      values    // nil where there is no such task
	absent      bool
	body        bool // it is the body of the answer to a write
}

func keyOf(id string) string { return task.Key(id) }

// looks are those that a leg had at a row, and the bodies that answered its writes, as they came.
func (c *campaign) looks(l *leg, tr *track) []look {
	if all, known := tr.looks[l]; known {
		return all
	}
	all := []look{}
	for _, ex := range c.world.log {
		if ex.leg != l || ex.body == nil {
			continue
		}
		if ex.kind == kindList {
			all = append(all, ex.listed(tr.key)...)
			continue
		}
		for _, it := range ex.items {
			if it.key != tr.key || it.answer == nil {
				continue
			}
			k := look{asked: ex.left, came: ex.back, as: it.as, values: it.answer.values, body: it.write()}
			switch {
			case it.answer.status == 404 && !it.write():
				k.absent = true
			case it.answer.status != 200 || !tr.readable(k.values):
				continue
			}
			all = append(all, k)
		}
	}
	slices.SortStableFunc(all, func(a, b look) int { return a.came.Compare(b.came) })
	tr.looks[l] = all
	return all
}

// readable reports whether a body shows every property that the row changes.
func (tr *track) readable(v values) bool {
	return v != nil && !slices.ContainsFunc(tr.edits, func(e change) bool { _, ok := v[e.property]; return !ok })
}

// listed is the look that a page of the list is at a task; none where it does not show it.
func (ex *exchange) listed(key string) []look {
	if ex.page == nil {
		ex.page = map[string]values{}
		var page struct{ Value []json.RawMessage }
		if ex.status == 200 && json.Unmarshal(ex.body, &page) == nil {
			for _, raw := range page.Value {
				var named struct{ ID string }
				if json.Unmarshal(raw, &named) == nil {
					ex.page[keyOf(named.ID)] = valuesOf(raw, keyOf(named.ID))
				}
			}
		}
	}
	if v := ex.page[key]; v != nil {
		return []look{{asked: ex.left, came: ex.back, as: ex.shown[key], values: v}}
	}
	return nil
}

// seenWanted is the first look of a leg, asked for after a moment and come before another, that shows all that is wanted.
func (c *campaign) seenWanted(l *leg, tr *track, after, before time.Time) *look {
	for _, k := range c.looks(l, tr) {
		if !k.body && k.asked.After(after) && k.came.Before(before.Add(-time.Millisecond)) && tr.wanted(k.values) {
			return &k
		}
	}
	return nil
}

// refusedForGood reports whether a write was answered in a way after which it is not sent again.
func refusedForGood(it *item) bool {
	status := it.ex.status
	if it.answer != nil {
		status = it.answer.status
		return status/100 == 4 && !slices.Contains([]int{404, 408, 424, 429}, status)
	}
	return it.ex.body != nil && status/100 == 4 && !slices.Contains([]int{401, 403, 408, 413, 424, 429}, status)
}

// refusedForNow reports whether a write may be sent again after a look.
func refusedForNow(it *item) bool {
	status := 0
	switch {
	case it.answer != nil:
		status = it.answer.status
	case it.ex.body != nil:
		status = it.ex.status
	}
	return slices.Contains([]int{401, 413, 429, 503, 509}, status)
}

func accepted(it *item) bool { return it.answer != nil && it.answer.status/100 == 2 }
