package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"taskrecon/internal/report"
	"taskrecon/internal/report/render"
	"taskrecon/internal/task"
)

// TestPageSample leaves pages to look at in the directory that TASKRECON_SAMPLE names; scripts/report-page
// takes their pictures.
func TestPageSample(t *testing.T) {
	dir := os.Getenv("TASKRECON_SAMPLE")
	if dir == "" {
		t.Skip("TASKRECON_SAMPLE names no directory")
	}
	saved := newRun("plan")
	saved.add("Enable BitLocker", edit(task.AssignedTo, "old@contoso.com", "dana@contoso.com"))
	for name, r := range map[string]*run{"varied": varied(), "hostile": hostileRun(), "saved": saved, "empty": newRun("apply")} {
		must(t, render.Write(filepath.Join(dir, name+".html"), r.write(t), report.Options{Overwrite: true}))
	}
	must(t, render.Write(filepath.Join(dir, "many.html"), manyResults(t, 20_000, 0), report.Options{Overwrite: true}))
}
