package job

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/graph"
	"taskrecon/internal/ingest"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/sshsig"
	"taskrecon/internal/task"
)

// Config says what is to be run. It holds no secret beside the client's credential.
type Config struct {
	Command     string // "plan" or "apply"; only apply sends
	File        string // the wanted states; for apply also the ledger of a saved plan or of a run that was cut short
	Ingest      ingest.Options
	SkipInvalid bool          // send the rows that were understood, though others were not
	MinRows     Quota         // the least rows that the file must have; a share is of the tenant's securityConfigurationTasks
	Client      *graph.Client // nil for a run that has finished
	Cloud       string
	GraphURL    string
	Batch       batch.Options // what concerns the plan in it is filled in by the run
	StatusVia   diff.Via      // by which way status goes, as diff.Row takes it
	ErrorBudget *Quota        // of the changes to be sent; nil is none
	Limits      Limits
	Most        int           // changes sent at most; 0 is all
	Expect      string        // the only plan that may be sent, by its hash; "" is any
	Deadline    time.Duration // of the whole run; 0 is none
	Locks       LockDirs      // none for a service that only this process knows
	LockTimeout time.Duration
	Outputs     Outputs
	Report      report.Options
	Signer      *sshsig.Signer // of the ledger's final hash; nil signs nothing
	// Signers are lines of allowed signers, as OpenSSH writes them: only a saved plan that one of them signed is sent. Nil asks for no
	// signature.
	Signers []byte
	// Fixed are options that a saved plan fixes, as far as this run was given them: those that differ are refused.
	Fixed []ledger.Option
	// Disk comes between the ledger and its file; nil is nothing.
	Disk    func(ledger.File) ledger.File
	Watcher Watcher
	// Confirm is asked before anything is sent. Nil is yes.
	Confirm func(context.Context, Question) (bool, error)
	// Leave, once closed, ends the run at once: what is in doubt is unknown, and the report is still written. Nil never is.
	Leave    <-chan struct{}
	Detailed bool // a plan that finds differences ends with exit.Differences
	Version  string
	Operator string          // user@host, for the record
	Options  []ledger.Option // every option in force, for the record
}

// Watcher is called with what happens, as it happens. Settled and Sending are called from several goroutines.
// Started comes first, once the run's id is known; a saved plan that cannot be read has none. Ended comes last, always.
type Watcher interface {
	Started(run string)
	Read(*ingest.Input)
	Noticed(text string)
	Relisting(page int, at time.Time, why error) // as graph.Again
	Fetched(tasks int)
	Planned(p *diff.Plan, hash string)
	Sending(diff.Envelope)
	Settled(diff.Result)
	Progress(batch.Progress)
	Waiting(until time.Time, why string) // no write leaves before
	Written(what, path string)
	Ended(*Summary)
}

// Question is what somebody is asked before anything is sent.
type Question struct {
	Plan *diff.Plan // which has something to send
	Hash string
	Page func() (path string, err error) // writes the plan as a page
}

// run is a run under way.
type run struct {
	Config
	input    *ingest.Input  // nil when the plan comes from a ledger
	past     *ledger.Reader // from which the plan comes, where it does
	record   *ledger.Reader // of this run; nil until something is read from it
	who      graph.Identity
	started  time.Time
	planned  time.Time // when the list was asked for; of a saved plan, when it was made
	listed   time.Time // when the list had come
	plan     *diff.Plan
	hash     string                         // of the plan
	earlier  map[*diff.Change]batch.Earlier // what earlier legs of the run did
	lock     *Lock                          // of the tenant; nil where none is taken
	account  diff.Account
	declined bool // somebody who was asked did not say yes
	summary  *Summary
	files    files
}

// Run does the job. The summary is never nil; the error carries the exit code (see Code), and its
// text is the summary's reason. A plan with differences, or an apply after which everything is as wanted, is no error.
func Run(ctx context.Context, c Config) (*Summary, error) {
	r := &run{Config: c, started: time.Now(), summary: NewSummary(c.Command)}
	if c.Deadline > 0 {
		var cancel context.CancelFunc
		cause := exit.Errorf(exit.Deadline, "", "the deadline of %s passed before everything was sent", c.Deadline)
		ctx, cancel = context.WithTimeoutCause(ctx, c.Deadline, cause)
		defer cancel()
	}
	err := r.do(ctx)
	r.summary.Seconds = time.Since(r.started).Round(time.Millisecond).Seconds()
	if c.Client != nil {
		r.summary.Requests = c.Client.Requests()
	}
	r.summary.ExitCode = exit.Code(err)
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
	if err := r.placeNew(); err != nil {
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
		return &exit.Error{Code: exit.Input, Err: err, Hint: "nothing was sent"}
	}
	r.input = input
	r.Watcher.Read(input)
	Count(r.summary, input)
	return first(Reject(input, r.SkipInvalid), r.shrunk())
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
// are in rows that are to be skipped. A problem of the header spoils every row.
func Reject(input *ingest.Input, skipInvalid bool) error {
	n := len(input.Problems)
	switch {
	case n == 0 || (skipInvalid && input.HeaderProblems == 0):
		return nil
	case input.HeaderProblems > 0:
		return exit.Errorf(exit.Input, "correct the header (--problems FILE.xlsx writes a copy that marks each cell); nothing was sent", "%s: %s, of the header among them", input.File, task.Plural(n, "problem"))
	}
	return exit.Errorf(exit.Input, "correct the rows (--problems FILE.xlsx writes a copy that marks each cell), or leave them out with --skip-invalid; nothing was sent", "%s: %s", input.File, task.Plural(n, "problem"))
}

// signInAndLock learns whose tenant this is, and keeps other runs out of it while this one sends.
func (r *run) signInAndLock(ctx context.Context) (release func(), err error) {
	if r.who, err = r.Client.Identity(ctx); err != nil {
		return nil, stopped(ctx, err)
	}
	if r.Command != "apply" || r.Locks == (LockDirs{}) {
		return func() {}, nil
	}
	if r.lock, err = TakeLock(ctx, r.Locks, LockName(r.Cloud, r.who.Tenant, r.GraphURL), r.Operator, r.LockTimeout); err != nil {
		return nil, err
	}
	if r.lock.Notice != "" {
		r.Watcher.Noticed(r.lock.Notice)
	}
	return func() { _ = r.lock.Release() }, nil // the kernel lets go of it in any case
}

// makePlan fetches the tenant's tasks and computes the plan.
func (r *run) makePlan(ctx context.Context) error {
	r.planned = time.Now() // from here on the tenant may change behind what is read
	current, err := r.list(ctx)
	if err != nil {
		return err
	}
	r.listed = time.Now()
	rows := r.planRows()
	r.plan = diff.Make(rows, current)
	if slices.ContainsFunc(r.plan.Changes, func(c diff.Change) bool { return c.Outcome == diff.NotFound }) {
		if current, err = r.lookUp(ctx, rows, current); err != nil {
			return err
		}
		r.listed = time.Now() // what a look by id showed is younger than the list, and counts from its own arrival
		r.plan = diff.Make(rows, current)
	}
	r.Watcher.Fetched(len(current))
	for _, text := range planNotices(r.plan, current) {
		r.Watcher.Noticed(text)
		r.input.Notices = append(r.input.Notices, text)
	}
	r.hash = ledger.PlanHash(r.plan.Changes)
	r.tellAge()
	r.show()
	return nil
}

// secondLook is how long after a task was not found it is looked for again: a read that lags may miss it once.
const secondLook = time.Second

// lookUp reads by its id each task that a row names and the list lacks, and adds what is found to current. What is not there is asked
// for again a second later. A task that cannot be read is noted in its rows.
func (r *run) lookUp(ctx context.Context, rows []diff.Row, current []*task.Task) ([]*task.Task, error) {
	missing := map[string][]int{} // rows by task.Key
	var ids []string
	for i := range r.plan.Changes {
		c := &r.plan.Changes[i]
		if c.Outcome != diff.NotFound {
			continue
		}
		key := task.Key(c.Desired.ID)
		if missing[key] == nil {
			ids = append(ids, c.Desired.ID)
		}
		missing[key] = append(missing[key], i)
	}
	for try := range 2 {
		if len(ids) == 0 {
			break
		}
		if try > 0 {
			select {
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			case <-time.After(secondLook):
			}
		}
		looks, err := r.Client.Tasks(ctx, ids, r.relisting)
		if err != nil {
			return nil, listed(ctx, err)
		}
		var none []string
		for i, l := range looks {
			switch {
			case l.Task != nil:
				current = append(current, l.Task)
			case l.Err != nil:
				for _, row := range missing[task.Key(ids[i])] {
					rows[row].Unread = l.Err.Error()
				}
			default:
				none = append(none, ids[i])
			}
		}
		ids = none
	}
	return current, nil
}

// tellAge says of a plan how old the base of its rows is, where that is younger than the settling window: what the list shows may be
// older than the base. An apply looks again by itself.
func (r *run) tellAge() {
	if r.Command != "plan" {
		return
	}
	youngest := time.Time{}
	for _, row := range r.input.Rows {
		if b := row.Desired.Base; b != nil && b.Read.After(youngest) {
			youngest = b.Read
		}
	}
	if age := r.listed.Sub(youngest); age < r.Batch.SettleWithin {
		r.Watcher.Noticed(fmt.Sprintf("the base of the sheet is %d s old: the tenant's list may lag behind it; apply looks again where they differ", int(max(age, 0).Seconds())))
	}
}

// list fetches the tenant's tasks.
func (r *run) list(ctx context.Context) ([]*task.Task, error) {
	current, err := r.Client.ListTasks(ctx, r.relisting)
	r.countRefused(err)
	return current, listed(ctx, err)
}

// relisting counts and reports a call of reading that is asked for again.
func (r *run) relisting(page int, at time.Time, why error) {
	r.countRefused(why)
	r.account.Waited += max(time.Until(at), 0)
	r.Watcher.Relisting(page, at, why)
}

func (r *run) countRefused(err error) {
	if graph.Throttled(err) {
		r.account.Throttled++
		r.summary.Throttled++
	}
}

// listed is the error of listing as that of a run.
func listed(ctx context.Context, err error) error {
	if graph.Busy(err) && ctx.Err() == nil {
		return &exit.Error{Code: exit.Temporary, Err: err, Hint: "nothing was sent; run this again later"}
	}
	return stopped(ctx, err)
}

// show gives the plan to the summary and the watcher.
func (r *run) show() {
	r.summary.Unmanaged = len(r.plan.Unmanaged)
	r.summary.Changes = len(r.plan.Pending())
	r.summary.Plan = r.hash
	r.Watcher.Planned(r.plan, r.hash)
}

func (r *run) planRows() []diff.Row {
	rows := make([]diff.Row, len(r.input.Rows))
	for i, row := range r.input.Rows {
		rows[i] = diff.Row{Desired: row.Desired, SameAs: row.SameAs, Overwrite: r.Batch.OnConflict == batch.Overwrite, StatusVia: r.StatusVia}
		if b := row.Desired.Base; b != nil && !b.Read.IsZero() && r.Command == "apply" {
			rows[i].Young = r.listed.Before(b.Read.Add(r.Batch.SettleWithin))
		}
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
	if err := first(r.shrunk(), r.expected()); err != nil {
		return err
	}
	if err := first(r.fresh(), r.stillWhole()); err != nil {
		return err
	}
	if err := r.signed(); err != nil {
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
	return exit.Errorf(exit.Stale, "export again", "the sheet is stale: %s changed in the tenant, too, since it was made; nothing was sent", task.Plural(stale, "task"))
}

// sameSource refuses to compare a sheet with another tenant than the one that it was made from.
func (r *run) sameSource() error {
	from := r.input.Base
	if from == nil || from.Tenant == r.who.Tenant && from.Cloud == r.Cloud {
		return nil
	}
	return exit.Errorf(exit.Input, "nothing was sent", "the sheet was made from tenant %q (%s), but this sign-in is for tenant %q (%s)", from.Tenant, from.Cloud, r.who.Tenant, r.Cloud)
}

// stillWhole refuses a file that was still being written when it was read.
func (r *run) stillWhole() error {
	if r.input == nil || r.Command != "apply" || len(r.plan.Pending()) == 0 {
		return nil
	}
	if err := r.input.StillWhole(); err != nil {
		return &exit.Error{Code: exit.Input, Err: err, Hint: "nothing was sent"}
	}
	return nil
}

func (r *run) expected() error {
	if r.Expect == "" || strings.EqualFold(r.Expect, r.hash) {
		return nil
	}
	return exit.Errorf(exit.Limit, "look at the plan again; nothing was sent", "the plan is %s, not the %s that --expect-plan names", r.hash, r.Expect)
}

func (r *run) header() ledger.Header {
	h := ledger.Header{
		RunID: r.files.runID, Command: r.Command, Version: r.Version,
		Cloud: r.Cloud, GraphURL: r.GraphURL, Tenant: r.who.Tenant, Actor: r.who.Actor,
		AppID: r.who.App, ObjectID: r.who.Object, SignInID: r.who.TokenID, Operator: r.Operator,
		Options: r.Options, Started: r.started.UTC().Truncate(time.Millisecond),
		Planned: r.listed.UTC().Truncate(time.Millisecond), TenantTasks: r.plan.Tenant, SettleWithin: r.Batch.SettleWithin.Seconds(),
	}
	if r.input != nil {
		h.Input = ledger.Input{
			File: r.input.File, Sheet: r.input.Sheet, SHA256: r.input.SHA256,
			Columns: r.input.Columns, Rows: len(r.input.Rows), Notices: r.input.Notices,
		}
		if r.input.Base != nil {
			h.Input.Undoes = r.input.Base.Undoes
		}
	}
	for _, t := range r.plan.Unmanaged {
		h.Unmanaged = append(h.Unmanaged, ledger.Unmanaged{
			ID: t.ID, Type: t.Type, DisplayName: t.Get(task.DisplayName), Status: t.Get(task.Status),
			AssignedTo: t.Get(task.AssignedTo), DueDateTime: t.Get(task.DueDateTime),
		})
	}
	return h
}
