package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// branches count how often the simulations came to what is rare.
var branches = struct {
	sync.Mutex
	count map[string]int
}{count: map[string]int{}}

func branch(name string) {
	branches.Lock()
	defer branches.Unlock()
	branches.count[name]++
}

func reach(name string) { branch(name) }

// countBranches counts what can be seen from the log once a world has ended.
func (w *world) countBranches() {
	for _, ex := range w.log {
		if ex.fate.name != "" {
			branch("call " + ex.kind + " " + ex.fate.name)
		}
		for i, f := range ex.fate.items {
			if f.name != "" && i < len(ex.items) {
				branch("item " + ex.items[i].kind() + " " + f.name)
			}
		}
	}
	for _, l := range w.legs {
		if l.plan.end != endsItself {
			branch("leg " + l.plan.end.String())
		}
	}
	for range w.sc.edits {
		branch("edit of another")
	}
}

// table is the counts, for people.
func table() string {
	branches.Lock()
	defer branches.Unlock()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(branches.count)) {
		fmt.Fprintf(&b, "%8d  %s\n", branches.count[name], name)
	}
	return b.String()
}
