// Package job is the run: read, fetch, plan, send, settle, report.
package job

import (
	"context"
	"fmt"
	"strings"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/ingest"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/task"
)

// Config says what is to be run. It holds no secret beside the client's credential.
type Config struct {
	Command     string // "plan" or "apply"; only apply sends
	File        string
	Ingest      ingest.Options
	SkipInvalid bool // send the rows that were understood, though others were not
	Client      *graph.Client
	Cloud       string
	GraphURL    string
	Batch       batch.Options
	Outputs     Outputs
	Report      report.Options
	Watcher     Watcher
	// Confirm is asked before anything is sent, with a plan that has something to send. Nil is yes.
	Confirm  func(context.Context, *diff.Plan) (bool, error)
	Detailed bool // a plan that finds differences ends with ExitDifferences
	Version  string
	Operator string          // user@host, for the record
	Options  []ledger.Option // every option in force, for the record
}

// Watcher is told what happens, as it happens. Settled and Sending are called from several goroutines.
type Watcher interface {
	Read(*ingest.Input)
	Fetched(tasks int)
	Planned(*diff.Plan)
	Sending(batch.Envelope)
	Settled(batch.Result)
	Written(what, path string)
}

// run is a run under way.
type run struct {
	Config
	input   *ingest.Input
	who     graph.Identity
	started time.Time
	planned time.Time
	plan    *diff.Plan
	stats   batch.Stats
	summary *Summary
	files   files
}

// Run does the job. The summary is never nil; the error carries the exit code (see Code), and its
// text is the summary's reason. A plan with differences, or an apply after which everything is as wanted, is no error.
func Run(ctx context.Context, c Config) (*Summary, error) {
	r := &run{Config: c, started: time.Now(), summary: NewSummary(c.Command)}
	err := r.do(ctx)
	r.summary.Seconds = time.Since(r.started).Round(time.Millisecond).Seconds()
	r.summary.Requests = c.Client.Requests()
	r.summary.ExitCode = Code(err)
	if err != nil {
		r.summary.Reason = err.Error()
	}
	return r.summary, err
}

func (r *run) do(ctx context.Context) error {
	if err := r.Outputs.check(); err != nil {
		return err
	}
	if err := r.read(); err != nil {
		return err
	}
	if err := r.makePlan(ctx); err != nil {
		return stopped(ctx, err)
	}
	return r.carryOut(ctx)
}

// read takes the input in and stops the run where a row is invalid.
func (r *run) read() error {
	input, err := ingest.Read(r.File, r.Ingest)
	if err != nil {
		return &Exit{Code: ExitInput, Err: err, Hint: "nothing was sent"}
	}
	r.input = input
	r.Watcher.Read(input)
	Count(r.summary, input)
	return Reject(input, r.SkipInvalid)
}

// Count puts the outcomes of an input that goes no further into the summary.
func Count(s *Summary, input *ingest.Input) {
	s.Rows = len(input.Rows)
	for _, row := range input.Rows {
		if len(row.Problems) > 0 || input.HeaderProblems > 0 {
			s.Outcomes[diff.Invalid]++
		} else {
			s.Outcomes[diff.NotSent]++
		}
	}
}

// Reject returns the error of an input that must not be used: one with problems, unless all of them
// stand in rows that are to be skipped. A problem of the header spoils every row.
func Reject(input *ingest.Input, skipInvalid bool) error {
	n := len(input.Problems)
	switch {
	case n == 0 || (skipInvalid && input.HeaderProblems == 0):
		return nil
	case input.HeaderProblems > 0:
		return Fail(ExitInput, "mend the header; nothing was sent", "%s: %s, of the header among them", input.File, Plural(n, "problem"))
	}
	return Fail(ExitInput, "mend the rows, or leave them out with --skip-invalid; nothing was sent", "%s: %s", input.File, Plural(n, "problem"))
}

// Plural is a number with its noun: "1 row", "2 rows", "3 patches".
func Plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "ch"):
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// makePlan fetches the tenant's tasks and computes the plan.
func (r *run) makePlan(ctx context.Context) error {
	var err error
	if r.who, err = r.Client.Identity(ctx); err != nil {
		return err
	}
	current, err := r.Client.ListTasks(ctx)
	if err != nil {
		return err
	}
	r.planned = time.Now()
	r.Watcher.Fetched(len(current))
	r.plan = diff.Make(planRows(r.input), current)
	r.summary.Unmanaged = len(r.plan.Unmanaged)
	r.summary.Changes = len(r.plan.Pending())
	r.Watcher.Planned(r.plan)
	return nil
}

func planRows(input *ingest.Input) []diff.Row {
	rows := make([]diff.Row, len(input.Rows))
	for i, row := range input.Rows {
		rows[i] = diff.Row{Desired: row.Desired, SameAs: row.SameAs}
		for k, p := range row.Problems {
			if k > 0 {
				rows[i].Invalid += "; "
			}
			rows[i].Invalid += p.Message
		}
	}
	return rows
}

// carryOut records the plan, sends it where the command is apply, and leaves ledger and reports on every path.
func (r *run) carryOut(ctx context.Context) error {
	if err := r.files.open(r.Outputs, r.started, r.Command == "apply"); err != nil {
		return err
	}
	defer r.files.cleanUp()
	r.summary.Run, r.summary.Ledger = r.files.runID, r.files.shownLedger()
	book, err := ledger.Create(r.files.ledger)
	if err != nil {
		return err
	}
	err = book.Plan(r.header(), r.plan.Changes)
	if err == nil && r.Command == "apply" {
		err = r.send(ctx, book)
	}
	err = r.verdict(ctx, err, book)
	if r.Command == "apply" {
		err = first(err, book.End(r.endLine(err)))
	}
	err = first(err, book.Close())
	return first(err, r.report())
}

// first is the error that is told: the earlier one, since later ones tend to follow from it.
func first(earlier, later error) error {
	if earlier != nil {
		return earlier
	}
	return later
}

func (r *run) send(ctx context.Context, book *ledger.Writer) (err error) {
	pending := r.plan.Pending()
	if len(pending) == 0 {
		return nil
	}
	if r.Confirm != nil {
		yes, err := r.Confirm(ctx, r.plan)
		if err != nil {
			return err
		}
		if !yes {
			return Fail(ExitFailed, "", "not confirmed; nothing was sent")
		}
	}
	r.stats, err = batch.Send(ctx, pending, r.Client, watched{book, r.Watcher}, r.Batch)
	r.summary.Patches, r.summary.Batches = r.stats.Patches, r.stats.Batches
	r.summary.Throttled, r.summary.Retries = r.stats.Throttled, r.stats.Retries
	return err
}

// watched lets the watcher see what is recorded.
type watched struct {
	batch.Recorder
	watcher Watcher
}

func (w watched) Sending(e batch.Envelope) error {
	if err := w.Recorder.Sending(e); err != nil {
		return err
	}
	w.watcher.Sending(e)
	return nil
}

func (w watched) Result(res batch.Result) error {
	if err := w.Recorder.Result(res); err != nil {
		return err
	}
	w.watcher.Settled(res)
	return nil
}

func (r *run) endLine(verdict error) ledger.End {
	reason := r.summary.Reason
	if verdict != nil {
		reason = verdict.Error()
	}
	return ledger.End{
		At: time.Now().UTC().Truncate(time.Millisecond), ExitCode: Code(verdict), Reason: reason,
		Requests: r.Client.Requests(), Stats: r.stats,
	}
}

func (r *run) header() ledger.Header {
	h := ledger.Header{
		RunID: r.files.runID, Command: r.Command, Version: r.Version,
		Input: ledger.Input{
			File: r.input.File, Sheet: r.input.Sheet, SHA256: r.input.SHA256,
			Columns: r.input.Columns, Rows: len(r.input.Rows), Notices: r.input.Notices,
		},
		Cloud: r.Cloud, GraphURL: r.GraphURL, Tenant: r.who.Tenant, Actor: r.who.Actor, Operator: r.Operator,
		Options: r.Options, Started: r.started.UTC().Truncate(time.Millisecond),
		Planned: r.planned.UTC().Truncate(time.Millisecond), TenantTasks: r.plan.Tenant,
	}
	for _, t := range r.plan.Unmanaged {
		h.Unmanaged = append(h.Unmanaged, ledger.Unmanaged{
			ID: t.ID, DisplayName: t.Get(task.DisplayName), Status: t.Get(task.Status),
			AssignedTo: t.Get(task.AssignedTo), DueDateTime: t.Get(task.DueDateTime),
		})
	}
	return h
}
