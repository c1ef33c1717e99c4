package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/report/render"
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
		all.sent(fmt.Sprintf("Policy number %d", i), diff.Result{Outcome: diff.Applied, Status: 204, After: values("dana@contoso.com")},
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
	scripts := newRun("apply")
	scripts.header.Input.File = "/srv/wishes/مهام مارس \u200f(2).xlsx"
	for _, name := range []string{
		"تفعيل التشفير على الأجهزة المحمولة", "הצפנת כוננים במחשבים ניידים", "在笔记本电脑上启用磁盘加密并要求预启动身份验证以保护数据", "ノートPCでBitLockerを有効にする",
		"👩🏽‍💻 zeroed out 👨‍👩‍👧‍👦", "file \u202e" + "\u202efdp.exe", strings.Repeat("Längstes", 40), "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
	} {
		scripts.sent(name, diff.Result{Outcome: diff.Applied, Status: 204, After: values(name)}, edit(task.DisplayName, "old "+name, name))
	}
	scripts.end = &ledger.End{At: start.Add(time.Minute), Reason: "done", Requests: 3}
	for name, r := range map[string]*run{"scripts": scripts, "varied": all, "good": good, "saved": saved, "short": short} {
		zone, err := time.LoadLocation("Europe/Berlin")
		must(t, err)
		must(t, render.Write(filepath.Join(dir, name+".xlsx"), r.write(t), report.Options{Overwrite: true, Zone: zone}))
	}
}
