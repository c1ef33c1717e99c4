package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"taskrecon/internal/job"
	"taskrecon/internal/notify"
	"taskrecon/internal/text"
)

const noticeFlags = "Notices"

func flagsOfNotice() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "metrics-file", Category: noticeFlags, Usage: "write the run's metrics to `FILE.prom`, for a node exporter's textfile collector"},
		&cli.GenericFlag{Name: "notify-url", Category: noticeFlags, Value: &secretURL{}, Usage: "post the summary to `URL` when the run ends (better in TASKRECON_NOTIFY_URL: such addresses are secrets)"},
		&cli.StringFlag{Name: "notify-url-file", Category: noticeFlags, Usage: "the same, with the address in `FILE`"},
		&cli.StringFlag{Name: "notify-format", Category: noticeFlags, Value: "json", Usage: "post the summary as `json|teams` (an Adaptive Card)"},
		&cli.StringFlag{Name: "notify-on", Category: noticeFlags, Value: "always", Usage: "post `always|changes|failure` (changes: when any were planned, or the run failed)"},
		&cli.GenericFlag{Name: "ping-url", Category: noticeFlags, Value: &secretURL{}, Usage: "ping URL/start, then `URL` or URL/fail, as dead-man switches want it (better in TASKRECON_PING_URL)"},
		&cli.StringFlag{Name: "ping-url-file", Category: noticeFlags, Usage: "the same, with the address in `FILE`"},
	}
}

// secretURL is the value of a flag that holds an address with a secret in it. Whoever lists the values of flags, as the
// ledger does, gets the host only. It takes any text, since errors about flags repeat their values.
type secretURL struct{ text string }

func (s *secretURL) Set(text string) error { s.text = text; return nil }

// Get is what cli.Context.Value returns.
func (s *secretURL) Get() any { return s.String() }

func (s *secretURL) String() string {
	if s == nil || s.text == "" {
		return ""
	}
	a, err := notify.ParseAddress(s.text)
	if err != nil {
		return "(not an address)"
	}
	return a.String()
}

// notices is what a run tells others, and how. What it cannot tell goes to the log: it never changes how a run ends.
type notices struct {
	metrics string // file; "" is none
	post    *notify.Address
	ping    *notify.Address
	teams   bool
	on      string
	file    string // the input
	sender  *notify.Sender
	log     *zerolog.Logger
}

// notices reads the flags. Beside an error it returns what could be read, so that the error can be told there.
func (p *program) notices(c *cli.Context) (*notices, error) {
	n := &notices{
		on: c.String("notify-on"), teams: c.String("notify-format") == "teams", file: filepath.Base(c.Args().First()),
		sender: &notify.Sender{UserAgent: "taskrecon/" + version()},
	}
	var errs [3]error
	n.metrics, errs[0] = metricsFile(c)
	n.post, errs[1] = address(c, "notify-url")
	n.ping, errs[2] = address(c, "ping-url")
	if n.metrics != "" || n.post != nil || n.ping != nil {
		n.log = &p.newWatcher(c).log
	}
	for _, err := range errs {
		if err != nil {
			return n, err
		}
	}
	if f := c.String("notify-format"); f != "" && f != "json" && f != "teams" {
		return n, usage("--notify-format %q is neither json nor teams", f)
	}
	if n.on != "" && n.on != "always" && n.on != "changes" && n.on != "failure" {
		on := n.on
		n.on = "always"
		return n, usage("--notify-on %q is none of always, changes, failure", on)
	}
	return n, nil
}

func metricsFile(c *cli.Context) (string, error) {
	path := c.String("metrics-file")
	if path != "" && !strings.HasSuffix(path, notify.MetricsSuffix) {
		return "", usage("--metrics-file %q does not end in %s, and a node exporter reads no other files", path, notify.MetricsSuffix)
	}
	if path == "" {
		return "", nil
	}
	if err := metricsApart(c, path); err != nil {
		return "", err
	}
	return path, nil
}

// address is the address that a flag, or the file that flag-file names, holds; nil is none.
func address(c *cli.Context, flag string) (*notify.Address, error) {
	from, text := "--"+flag, ""
	if s, ok := c.Generic(flag).(*secretURL); ok {
		text = s.text
	}
	if path := c.String(flag + "-file"); path != "" {
		if text != "" {
			return nil, usage("--%s and --%s-file exclude each other", flag, flag)
		}
		from = "--" + flag + "-file " + path
		var err error
		if text, err = addressIn(path); err != nil {
			return nil, usage("--%s-file: %s", flag, err.Error())
		}
		if text == "" {
			return nil, usage("%s is empty", from)
		}
	}
	if text == "" {
		return nil, nil
	}
	a, err := notify.ParseAddress(text)
	if err != nil {
		return nil, usage("%s: %s", from, err.Error())
	}
	return &a, nil
}

// addressIn is all that a file holds, without the space around it; no address is longer than 8 KiB.
func addressIn(path string) (string, error) {
	data, err := readSmall(path, 8<<10, nil)
	if errors.Is(err, errTooLarge) {
		err = fmt.Errorf("%s is longer than an address can be", path)
	}
	return strings.TrimSpace(string(data)), err
}

// start tells that a run begins.
func (n *notices) start(ctx context.Context) {
	if n.ping != nil {
		n.tell("", "start ping", n.ping, n.sender.PingStart(ctx, *n.ping))
	}
}

// finish tells how a run ended. It does so after an interrupt, too, and takes half a minute at most.
func (n *notices) finish(ctx context.Context, s *job.Summary) {
	ctx = context.WithoutCancel(ctx)
	if n.metrics != "" {
		if err := notify.WriteMetrics(n.metrics, version(), s, time.Now()); err != nil {
			eventOf(n.log.Warn(), EventNotifyFailed, s.Run).Str("path", n.metrics).Msg(text.Line("the metrics were not written: " + err.Error()))
		}
	}
	var both sync.WaitGroup
	if n.post != nil && n.wanted(s) {
		both.Go(func() { n.tell(s.Run, "notification", n.post, n.postSummary(ctx, s)) })
	}
	if n.ping != nil {
		both.Go(func() { n.tell(s.Run, "ping", n.ping, n.sender.PingEnd(ctx, *n.ping, s)) })
	}
	both.Wait()
}

func (n *notices) wanted(s *job.Summary) bool {
	return n.on == "always" || !notify.Good(s.ExitCode) || n.on == "changes" && s.Changes > 0
}

func (n *notices) postSummary(ctx context.Context, s *job.Summary) error {
	body, err := notify.JSON(s)
	if n.teams {
		body, err = notify.Card(s, n.file)
	}
	if err != nil {
		return err
	}
	return n.sender.Post(ctx, *n.post, "application/json", body)
}

func (n *notices) tell(run, what string, to *notify.Address, err error) {
	if err != nil {
		eventOf(n.log.Warn(), EventNotifyFailed, run).Str("host", to.Host()).Msg(text.Line("the " + what + " did not get through: " + err.Error()))
		return
	}
	eventOf(n.log.Info(), EventNotifySent, run).Str("host", to.Host()).Msg(what + " sent")
}
