package cli

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"taskrecon/internal/notify"
	"taskrecon/internal/secret"
	"taskrecon/internal/text"
)

const noticeFlags = "Notices"

func flagsOfNotice() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "metrics-file", Category: noticeFlags, Usage: "write the run's metrics to `FILE.prom`, for a node exporter's textfile collector"},
		&cli.GenericFlag{Name: "notify-url", Category: noticeFlags, Value: &notify.SecretAddress{}, Usage: "post the summary to `URL` when the run ends (better in TASKRECON_NOTIFY_URL: such addresses are secrets)"},
		&cli.StringFlag{Name: "notify-url-file", Category: noticeFlags, Usage: "the same, with the address in `FILE`"},
		&cli.StringFlag{Name: "notify-format", Category: noticeFlags, Value: "json", Usage: "post the summary as `json|teams` (an Adaptive Card)"},
		&cli.StringFlag{Name: "notify-on", Category: noticeFlags, Value: "always", Usage: "post `always|changes|failure` (changes: when any were planned, or the run failed)"},
		&cli.GenericFlag{Name: "ping-url", Category: noticeFlags, Value: &notify.SecretAddress{}, Usage: "ping URL/start, then `URL` or URL/fail, as dead-man switches want it (better in TASKRECON_PING_URL)"},
		&cli.StringFlag{Name: "ping-url-file", Category: noticeFlags, Usage: "the same, with the address in `FILE`"},
	}
}

// notifier returns the notifications that the flags ask for. Beside an error it returns those that could be read, so that the error goes out, too.
func (p *program) notifier(c *cli.Context) (*notify.Notifier, error) {
	n := &notify.Notifier{
		On: c.String("notify-on"), Teams: c.String("notify-format") == "teams", File: filepath.Base(c.Args().First()),
		Version: version(), Sender: &notify.Sender{UserAgent: "taskrecon/" + version()},
	}
	var errs [3]error
	n.Metrics, errs[0] = metricsFile(c)
	n.Post, errs[1] = address(c, "notify-url")
	n.Ping, errs[2] = address(c, "ping-url")
	if n.Metrics != "" || n.Post != nil || n.Ping != nil {
		log := &p.newWatcher(c).log
		n.Sent = func(run string, what notify.Message) { logMessage(log, run, what) }
	}
	return n, cmp.Or(errs[0], errs[1], errs[2])
}

// logMessage logs whether a message got through. One that did not never changes how a run ends.
func logMessage(log *zerolog.Logger, run string, m notify.Message) {
	switch {
	case m.Err == nil:
		eventOf(log.Info(), EventNotifySent, run).Str("host", m.Host).Msg(m.What + " sent")
	case m.Path != "":
		eventOf(log.Warn(), EventNotifyFailed, run).Str("path", m.Path).Msg(text.Line("the " + m.What + " were not written: " + m.Err.Error()))
	default:
		eventOf(log.Warn(), EventNotifyFailed, run).Str("host", m.Host).Msg(text.Line("the " + m.What + " did not get through: " + m.Err.Error()))
	}
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
	if s, ok := c.Generic(flag).(*notify.SecretAddress); ok {
		text = s.Text
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
	data, err := secret.Small(path, 8<<10, nil)
	if errors.Is(err, secret.ErrTooLarge) {
		err = fmt.Errorf("%s is longer than an address can be", path)
	}
	return strings.TrimSpace(string(data)), err
}
