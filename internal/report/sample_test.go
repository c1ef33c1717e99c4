package report

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// TestSample leaves reports to look at in the directory that TASKRECON_SAMPLE names.
func TestSample(t *testing.T) {
	dir := os.Getenv("TASKRECON_SAMPLE")
	if dir == "" {
		t.Skip("TASKRECON_SAMPLE names no directory")
	}
	all := varied()
	for i := range 60 {
		all.sent(fmt.Sprintf("Policy number %d", i), batch.Result{Outcome: diff.Applied, Status: 204, After: values("dana@contoso.com")},
			edit(task.AssignedTo, "old@contoso.com", "dana@contoso.com"))
	}
	good := newRun("apply")
	for i := range 5 {
		good.planned(fmt.Sprintf("Policy number %d", i), diff.Unchanged, "")
	}
	good.end = &ledger.End{At: start.Add(time.Second), Reason: "done", Requests: 2}
	saved := newRun("plan")
	saved.add("Enable BitLocker", edit(task.AssignedTo, "old@contoso.com", "dana@contoso.com"))
	saved.planned("", diff.NotFound, "the tenant has no task")
	short := newRun("apply")
	short.add("Enable BitLocker", edit(task.AssignedTo, "old@contoso.com", "dana@contoso.com"))
	short.sending = []int{0}
	for name, r := range map[string]*run{"varied": all, "good": good, "saved": saved, "short": short} {
		must(t, Write(filepath.Join(dir, name+".xlsx"), r.write(t), Options{Overwrite: true}))
	}
}
