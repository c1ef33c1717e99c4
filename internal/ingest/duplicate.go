package ingest

import (
	"fmt"
	"strconv"

	"taskrecon/internal/task"
)

// markDuplicates finds rows of one id. Rows that ask for the same merge; where they differ, or where
// one of them could not be understood, none of them is right for certain.
func (b *builder) markDuplicates() {
	rows := b.in.Rows
	first := make(map[string]int, len(rows)) // of each key
	byKey := map[string][]int{}              // of keys that several rows have
	var keys []string                        // these, in file order
	for i := range rows {
		if rows[i].Desired.ID == "" {
			continue
		}
		key := task.Key(rows[i].Desired.ID)
		at, again := first[key]
		if !again {
			first[key] = i
			continue
		}
		if byKey[key] == nil {
			byKey[key] = []int{at}
			keys = append(keys, key)
		}
		byKey[key] = append(byKey[key], i)
	}
	var merged []string
	for _, key := range keys {
		same := byKey[key]
		if !b.agree(same) {
			b.disagree(same)
			continue
		}
		for _, i := range same[1:] {
			rows[i].SameAs = same[0]
			merged = append(merged, fmt.Sprintf("%d with %d", rows[i].Desired.Origin().Row, rows[same[0]].Desired.Origin().Row))
		}
	}
	if len(merged) > 0 {
		b.notice("rows with the same id and the same wishes were merged: " + list(merged))
	}
}

func (b *builder) agree(same []int) bool {
	first := &b.in.Rows[same[0]]
	for _, i := range same {
		row := &b.in.Rows[i]
		if len(row.Problems) > 0 || !row.Desired.SameAssignments(&first.Desired) {
			return false
		}
	}
	return true
}

func (b *builder) disagree(same []int) {
	for _, i := range same {
		var others []string
		for _, j := range same {
			if j != i && len(others) < 6 {
				others = append(others, strconv.Itoa(b.in.Rows[j].Desired.Origin().Row))
			}
		}
		where := list(others)
		if more := len(same) - 1 - len(others); more > 0 {
			where += fmt.Sprintf(" and %d more", more)
		}
		row := &b.in.Rows[i]
		row.Problems = append(row.Problems, b.problem(row.Desired.Origin().Row, b.in.IDColumn,
			fmt.Sprintf("the id %q is also in row %s, which asks for something else; keep one", clip(row.Desired.ID), where)))
	}
}
