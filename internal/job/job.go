// Package job is the run: read, fetch, plan, check limits, send, settle, report.
package job

import (
	"context"
	"path/filepath"
	"slices"
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
	File        string // the wanted states; for apply also the ledger of a saved plan or of a run that was cut short
	Ingest      ingest.Options
	SkipInvalid bool // send the rows that were understood, though others were not
	Client      *graph.Client
	Cloud       string
	GraphURL    string
	Batch       batch.Options // what concerns the plan in it is filled in by the run
	ErrorBudget *Quota        // of the changes to be sent; nil is none
	Limits      Limits
	Most        int           // changes sent at most; 0 is all
	Expect      string        // the only plan that may be sent, by its hash; "" is any
	Deadline    time.Duration // of the whole run; 0 is none
	StateDir    string        // where the lock lies; "" takes none, for a service that only this process knows
	LockTimeout time.Duration
	Outputs     Outputs
	Report      report.Options
	Signer      *ledger.Signer                // of the ledger's final hash; nil signs nothing
	Disk        func(ledger.File) ledger.File // stands between the ledger and its file; nil is nothing
	Watcher     Watcher
	// Confirm is asked before anything is sent, with a plan that has something to send and its hash. Nil is yes.
	Confirm  func(ctx context.Context, p *diff.Plan, hash string) (bool, error)
	Detailed bool // a plan that finds differences ends with ExitDifferences
	Version  string
	Operator string          // user@host, for the record
	Options  []ledger.Option // every option in force, for the record
}

// Watcher is told what happens, as it happens. Settled and Sending are called from several goroutines.
// Started comes first, once the run's id is known; a saved plan that cannot be read has none. Ended comes last, always.
type Watcher interface {
	Started(run string)
	Read(*ingest.Input)
	Relisting(page int, at time.Time, why error) // as graph.Again
	Fetched(tasks int)
	Planned(p *diff.Plan, hash string)
	Sending(batch.Envelope)
	Settled(batch.Result)
	Progress(batch.Progress)
	Waiting(until time.Time) // no envelope leaves before
	Written(what, path string)
	Ended(*Summary)
}

// run is a run under way.
type run struct {
	Config
	input   *ingest.Input  // nil when the plan comes from a ledger
	past    *ledger.Reader // from which the plan comes, where it does
	record  *ledger.Reader // of this run; nil until something is told from it
	who     graph.Identity
	started time.Time
	planned time.Time
	plan    *diff.Plan
	hash    string // of the plan
	doubt   map[*diff.Change]bool
	recent  recent
	stats   batch.Stats
	summary *Summary
	files   files
}

// Run does the job. The summary is never nil; the error carries the exit code (see Code), and its
// text is the summary's reason. A plan with differences, or an apply after which everything is as wanted, is no error.
func Run(ctx context.Context, c Config) (*Summary, error) {
	r := &run{Config: c, started: time.Now(), summary: NewSummary(c.Command)}
	if c.Deadline > 0 {
		var cancel context.CancelFunc
		cause := Fail(ExitDeadline, "", "the deadline of %s passed before everything was sent", c.Deadline)
		ctx, cancel = context.WithTimeoutCause(ctx, c.Deadline, cause)
		defer cancel()
	}
	err := r.do(ctx)
	r.summary.Seconds = time.Since(r.started).Round(time.Millisecond).Seconds()
	r.summary.Requests = c.Client.Requests()
	r.summary.ExitCode = Code(err)
	if err != nil {
		r.summary.Reason = err.Error()
	}
	c.Watcher.Ended(r.summary)
	return r.summary, err
}

func (r *run) do(ctx context.Context) error {
	if r.Command == "apply" && ledger.Is(r.File) {
		return r.resume(ctx)
	}
	var err error
	if r.files.runID, err = newRunID(r.started); err != nil {
		return err
	}
	r.Watcher.Started(r.files.runID)
	if err := r.Outputs.check(r.File); err != nil {
		return err
	}
	if err := r.read(); err != nil {
		return err
	}
	release, err := r.signInAndLock(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := r.sameSource(); err != nil {
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
		return Fail(ExitInput, "mend the header; nothing was sent", "%s: %s, of the header among them", input.File, task.Plural(n, "problem"))
	}
	return Fail(ExitInput, "mend the rows, or leave them out with --skip-invalid; nothing was sent", "%s: %s", input.File, task.Plural(n, "problem"))
}

// signInAndLock learns whose tenant this is, and keeps other runs out of it while this one sends.
func (r *run) signInAndLock(ctx context.Context) (release func(), err error) {
	if r.who, err = r.Client.Identity(ctx); err != nil {
		return nil, stopped(ctx, err)
	}
	if r.Command != "apply" || r.StateDir == "" {
		return func() {}, nil
	}
	lock, err := TakeLock(ctx, r.StateDir, r.Cloud, r.who.Tenant, r.GraphURL, r.LockTimeout)
	if err != nil {
		return nil, err
	}
	r.recent.open(filepath.Join(r.StateDir, "sent-"+tenantName(r.Cloud, r.who.Tenant, r.GraphURL)+".json"), lock)
	return func() {
		r.recent.keep()
		_ = lock.Release() // the kernel lets go of it in any case
	}, nil
}

// makePlan fetches the tenant's tasks and computes the plan.
func (r *run) makePlan(ctx context.Context) error {
	r.planned = time.Now() // from here on the tenant may change behind what is read
	before := r.Client.Requests()
	current, err := r.list(ctx)
	if err != nil {
		return err
	}
	r.plan = diff.Make(r.planRows(), current)
	paged := r.Client.Requests()-before > 1
	if paged && slices.ContainsFunc(r.plan.Changes, func(c diff.Change) bool { return c.Outcome == diff.NotFound }) {
		// A task that moves from page to page while the list is read may be on none: so nothing is missing that a second reading has.
		again, err := r.list(ctx)
		if err != nil {
			return err
		}
		current = union(again, current)
		r.plan = diff.Make(r.planRows(), current)
	}
	r.Watcher.Fetched(len(current))
	r.hash = ledger.PlanHash(r.plan.Changes)
	r.show()
	return nil
}

// union is the tasks of the newer list, and those of the older one that it lacks.
func union(newer, older []*task.Task) []*task.Task {
	has := make(map[string]bool, len(newer))
	for _, t := range newer {
		has[task.Key(t.ID)] = true
	}
	return append(newer, slices.DeleteFunc(older, func(t *task.Task) bool { return has[task.Key(t.ID)] })...)
}

// list fetches the tenant's tasks, and counts the calls for it that were refused for too many requests.
func (r *run) list(ctx context.Context) ([]*task.Task, error) {
	count := func(err error) {
		if graph.Throttled(err) {
			r.stats.Throttled++
			r.summary.Throttled++
		}
	}
	current, err := r.Client.ListTasks(ctx, func(page int, at time.Time, why error) {
		count(why)
		r.Watcher.Relisting(page, at, why)
	})
	count(err)
	return current, listed(ctx, err)
}

// listed is the error of listing as that of a run.
func listed(ctx context.Context, err error) error {
	if graph.Busy(err) && ctx.Err() == nil {
		return &Exit{Code: ExitTemporary, Err: err, Hint: "nothing was sent; run this again later"}
	}
	return stopped(ctx, err)
}

// show tells the plan to the summary and the watcher.
func (r *run) show() {
	r.summary.Unmanaged = len(r.plan.Unmanaged)
	r.summary.Changes = len(r.plan.Pending())
	r.Watcher.Planned(r.plan, r.hash)
}

func (r *run) planRows() []diff.Row {
	rows := make([]diff.Row, len(r.input.Rows))
	for i, row := range r.input.Rows {
		rows[i] = diff.Row{Desired: row.Desired, SameAs: row.SameAs, Overwrite: r.Batch.OnConflict == batch.Overwrite}
		for k, p := range row.Problems {
			if k > 0 {
				rows[i].Invalid += "; "
			}
			rows[i].Invalid += p.Message
		}
	}
	return rows
}

// permit checks the plan against what was approved, against its base and against the limits.
func (r *run) permit() error {
	if err := r.expected(); err != nil {
		return err
	}
	if err := r.fresh(); err != nil {
		return err
	}
	return r.Limits.Check(r.plan)
}

// fresh refuses a plan of a sheet whose base is out of date where that is to stop everything.
func (r *run) fresh() error {
	stale := 0
	for _, c := range r.plan.Changes {
		if c.Outcome == diff.Conflict {
			stale++
		}
	}
	if stale == 0 || r.Batch.OnConflict != batch.Abort {
		return nil
	}
	return Fail(ExitStale, "export again", "the sheet is stale: %s changed in the tenant, too, since it was made; nothing was sent", task.Plural(stale, "task"))
}

// sameSource refuses to compare a sheet with another tenant than the one that it was made from.
func (r *run) sameSource() error {
	from := r.input.Base
	if from == nil || from.Tenant == r.who.Tenant && from.Cloud == r.Cloud {
		return nil
	}
	return Fail(ExitInput, "nothing was sent", "the sheet was made from tenant %q (%s), but this sign-in is for tenant %q (%s)", from.Tenant, from.Cloud, r.who.Tenant, r.Cloud)
}

func (r *run) expected() error {
	if r.Expect == "" || strings.EqualFold(r.Expect, r.hash) {
		return nil
	}
	return Fail(ExitLimit, "look at the plan again; nothing was sent", "the plan is %s, not the %s that --expect-plan names", r.hash, r.Expect)
}

func (r *run) header() ledger.Header {
	h := ledger.Header{
		RunID: r.files.runID, Command: r.Command, Version: r.Version,
		Cloud: r.Cloud, GraphURL: r.GraphURL, Tenant: r.who.Tenant, Actor: r.who.Actor,
		AppID: r.who.App, ObjectID: r.who.Object, SignInID: r.who.TokenID, Operator: r.Operator,
		Options: r.Options, Started: r.started.UTC().Truncate(time.Millisecond),
		Planned: r.planned.UTC().Truncate(time.Millisecond), TenantTasks: r.plan.Tenant,
	}
	if r.input != nil {
		h.Input = ledger.Input{
			File: r.input.File, Sheet: r.input.Sheet, SHA256: r.input.SHA256,
			Columns: r.input.Columns, Rows: len(r.input.Rows), Notices: r.input.Notices,
		}
	}
	for _, t := range r.plan.Unmanaged {
		h.Unmanaged = append(h.Unmanaged, ledger.Unmanaged{
			ID: t.ID, DisplayName: t.Get(task.DisplayName), Status: t.Get(task.Status),
			AssignedTo: t.Get(task.AssignedTo), DueDateTime: t.Get(task.DueDateTime),
		})
	}
	return h
}
