package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/ingest"
	"taskrecon/internal/job"
	"taskrecon/internal/screen"
	"taskrecon/internal/text"
)

// watcher prints on stderr what happens: a bar on a terminal, zerolog lines elsewhere. On stdout it prints the
// plan where the command is plan.
type watcher struct {
	log      zerolog.Logger
	stderr   io.Writer
	humanOut screen.Screen
	name     string // of the command
	lines    bool   // for people: problems and notices as plain lines, and nothing that the summary says anyway
	quiet    bool
	logged   time.Time // of the last progress in the log

	tasks  int           // of any kind in the tenant; 0 while that is not known
	status screen.Status // on a terminal, in place of lines about progress
}

func init() { zerolog.TimeFieldFormat = time.RFC3339Nano } // of the whole process, so not a matter of each run

func (p *program) newWatcher(c *cli.Context) *watcher {
	jsonLines := c.String("log-format") == "json"
	verbose, quiet := c.Bool("verbose"), c.Bool("quiet")
	w := &watcher{stderr: p.stderr, humanOut: p.humanOut(c), name: c.Command.Name, lines: !jsonLines, quiet: quiet}
	if screen.IsTerminal(p.stderr) && !jsonLines && !verbose && !quiet {
		w.status.Terminal, w.stderr = p.stderr, &w.status
	}
	out := w.stderr
	if !jsonLines {
		out = zerolog.ConsoleWriter{
			Out: out, NoColor: !p.screen(p.stderr).Colours, TimeFormat: time.DateTime,
			FieldsExclude: []string{eventMember, runMember, "until", "why"}, // the words name these
		}
	}
	level := zerolog.WarnLevel // what is printed anyway, and on a terminal the bar, say the rest
	switch {
	case quiet:
		level = zerolog.ErrorLevel
	case verbose, jsonLines, w.name == "apply" && w.status.Terminal == nil:
		level = zerolog.InfoLevel
	}
	w.log = zerolog.New(zerolog.SyncWriter(out)).Level(level).With().Timestamp().Logger()
	return w
}

// eventOf names a line's event and, where there is one, its run.
func eventOf(line *zerolog.Event, event, run string) *zerolog.Event {
	if line = line.Str(eventMember, event); run != "" {
		line = line.Str(runMember, run)
	}
	return line
}

func (w *watcher) info(event string) *zerolog.Event { return w.log.Info().Str(eventMember, event) }

// Started puts the run's id on every line from here on.
func (w *watcher) Started(run string) {
	w.log = w.log.With().Str(runMember, run).Logger()
	if !w.lines {
		w.info(EventRunStart).Str("command", w.name).Str("version", version()).Msg("run started")
	}
}

// Read prints the notices and the problems of the input, all of them.
func (w *watcher) Read(in *ingest.Input) {
	for _, n := range in.Notices {
		w.say(EventInputNotice, zerolog.WarnLevel, n)
	}
	for _, line := range in.ProblemLines() {
		w.say(EventInputProblem, zerolog.ErrorLevel, line)
	}
	w.status.Begin("reading the tenant's tasks")
	w.info(EventInputRead).Str("file", in.File).Str("sheet", in.Sheet).Int("rows", len(in.Rows)).Int("problems", len(in.Problems)).Msg("input read")
}

func (w *watcher) say(event string, level zerolog.Level, words string) {
	switch {
	case w.quiet && level < zerolog.ErrorLevel:
		return
	case w.lines:
		fmt.Fprintln(w.stderr, text.Line(words))
		return
	}
	w.log.WithLevel(level).Str(eventMember, event).Msg(words)
}

// Relisting logs that listing the tasks waits, and why.
func (w *watcher) Relisting(page int, at time.Time, why error) {
	seconds := untilSeconds(at)
	if w.status.Terminal != nil {
		w.status.Wait(at, text.Line(why.Error()))
		return
	}
	w.log.Warn().Str(eventMember, EventListWait).Int("page", page).Float64("seconds", seconds).Time("until", at.UTC()).
		Msg(text.Line(fmt.Sprintf("listing the tasks waits %v s for the service: %v", seconds, why)))
}

// Fetched logs the size of the tenant's list.
func (w *watcher) Fetched(tasks int) {
	w.tasks = tasks
	w.info(EventTenantRead).Int("tasks", tasks).Msg("tenant read")
}

// Planned prints the plan where the command is plan.
func (w *watcher) Planned(plan *diff.Plan, hash string) {
	n := len(plan.Pending())
	_, notes := plan.Actions()
	w.status.End()
	w.info(EventPlanMade).Int("changes", n).Int("notes", notes).Int("rows", len(plan.Changes)).Int("unmanaged", len(plan.Unmanaged)).Str("plan", hash).Msg("plan made")
	if w.name == "plan" {
		w.humanOut.Amounts(diff.AmountsOf(plan))
		w.humanOut.Plan(plan, 0)
		fmt.Fprintf(w.humanOut, "%s\nPlan    %s\n", screen.PlanWords(plan, w.tasks), hash)
	}
}

// Sending logs an envelope that is about to leave.
func (w *watcher) Sending(e diff.Envelope) {
	w.info(EventEnvelopeSent).Int("changes", len(e.Changes)).Str("clientRequestId", e.ClientRequestID).Msg("envelope sent")
}

// Noticed prints a notice about the run.
func (w *watcher) Noticed(text string) { w.say(EventPlanNotice, zerolog.WarnLevel, text) }

// Waiting reports that nothing is sent before a time, and why: in the status, where there is one.
func (w *watcher) Waiting(until time.Time, why string) {
	why = text.Line(why)
	w.status.Wait(until, why)
	words := fmt.Sprintf("nothing is sent before %s: %s", until.Local().Format(time.TimeOnly), why)
	w.info(EventThrottleWait).Float64("seconds", untilSeconds(until)).Time("until", until.UTC()).Str("why", why).Msg(words)
}

func untilSeconds(at time.Time) float64 {
	return max(float64(time.Until(at).Round(time.Millisecond).Milliseconds())/1000, 0) // Seconds() adds a fraction: 7.3469999999999995
}

// Progress shows how far it is in the status, and every half minute in the log.
func (w *watcher) Progress(p batch.Progress) {
	w.status.Report(p)
	if time.Since(w.logged) < 30*time.Second {
		return
	}
	w.logged = time.Now()
	w.info(EventProgress).Int("settled", p.Settled).Int("of", p.Total).Int("settling", p.Settling).Float64("rate", p.Rate).
		Float64("waited", p.Waited.Round(time.Millisecond).Seconds()).Time("finish", p.Finish.UTC()).Msg("progress")
}

// Settled logs what is not as wanted, on the console nothing else.
func (w *watcher) Settled(r diff.Result) {
	line := w.log.Info()
	switch {
	case r.Outcome.Good() && w.lines, w.status.Terminal != nil:
		return
	case !r.Outcome.Good():
		line = w.log.Warn()
	}
	line = line.Str(eventMember, EventItemSettled).Int("row", r.Change.Desired.Origin().Row).Str("task", r.Change.ID()).Str("outcome", string(r.Outcome))
	if !w.lines {
		line = line.Int("attempts", r.Attempts).Int("status", r.Status).Str("code", r.Code).Str("requestId", r.RequestID).Str("clientRequestId", r.ClientRequestID)
	}
	line.Msg(text.Line(r.Reason))
}

// Written logs a file that was left behind.
func (w *watcher) Written(what, path string) {
	w.info(EventFileWritten).Str("path", path).Msg(what + " written")
}

// Ended logs how the run ended. On the console the summary says so.
func (w *watcher) Ended(s *job.Summary) {
	if w.lines {
		return
	}
	outcomes := zerolog.Dict()
	for _, o := range diff.Outcomes() {
		outcomes.Int(string(o), s.Outcomes[o])
	}
	w.info(EventRunEnd).Int("exitCode", s.ExitCode).Str("reason", text.Line(s.Reason)).Float64("seconds", s.Seconds).Int("rows", s.Rows).
		Dict("outcomes", outcomes).Int("patches", s.Patches).Int("batches", s.Batches).Int("requests", s.Requests).
		Int("throttled", s.Throttled).Int("retries", s.Retries).Float64("waited", s.Waited).Msg("run ended")
}
