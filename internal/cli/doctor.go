package cli

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/doctor"
	"taskrecon/internal/exit"
	"taskrecon/internal/job"
	"taskrecon/internal/text"
)

func (p *program) doctorCommand() *cli.Command {
	return &cli.Command{
		Name: "doctor", Usage: "check the set-up, and say what to fix", UsageText: "taskrecon doctor [FLAGS]",
		Description: "Checks in order what a run needs: settings, network, clock, token, audience, tenant, permissions, one page of tasks, and what the service " +
			"says of its quota. It changes nothing, and ends with 1 where a check fails.\n\nExamples:\n" +
			"  taskrecon doctor --auth managed-identity\n  taskrecon doctor --config nightly.yaml --json",
		Flags:  join(flagsOfService(), flagsOfSpeech()),
		Action: func(c *cli.Context) error { return p.runCommand(c, p.doctor) },
	}
}

func (p *program) doctor(c *cli.Context) (*job.Summary, error) {
	if c.Args().Present() {
		return nil, usage("doctor takes no argument: %q", c.Args().First())
	}
	s := job.NewSummary("doctor")
	out := p.humanOut(c)
	show := func(check job.Check) {
		fmt.Fprintf(out, "%-8s %-16s %s\n", check.Status, check.Name, text.Line(check.Found))
		if check.Fix != "" {
			fmt.Fprintf(out, "%-25s %s\n", "", "-> "+text.Line(check.Fix))
		}
	}
	target, err := p.connect(c, false)
	if err != nil {
		s.Checks = []job.Check{settingsCheck(err)}
		show(s.Checks[0])
		return s, err
	}
	defer target.close()
	s.Checks = []job.Check{{Name: "settings", Status: job.CheckOK, Found: p.signInWords(c, target)}}
	show(s.Checks[0])
	config := doctor.Config{
		Client: target.client, Cloud: target.cloud, TenantID: p.setting(c, "tenant-id"),
		StandIn: target.cloud == "sandbox" || target.cloud == "custom",
	}
	if config.Graph, err = url.Parse(target.url); err != nil {
		return s, err
	}
	if target.login != "" {
		if config.Login, err = url.Parse(target.login); err != nil {
			return s, usage("AZURE_AUTHORITY_HOST %q cannot be read as an address", target.login)
		}
	}
	s.Checks = append(s.Checks, doctor.RunChecks(c.Context, config, show)...)
	s.Requests = target.client.Requests()
	s.Reason, err = doctor.Verdict(s.Checks)
	return s, err
}

// settingsCheck is that of a set-up which is wrong before anything is called.
func settingsCheck(err error) job.Check {
	check := job.Check{Name: "settings", Status: job.CheckFailed, Found: err.Error()}
	var e *exit.Error
	if errors.As(err, &e) {
		check.Fix = e.Hint
	}
	return check
}

func (p *program) signInWords(c *cli.Context, s *service) string {
	kind, err := p.signInKind(c)
	if err != nil {
		return s.url
	}
	return fmt.Sprintf("cloud %s at %s, signing in by %s", s.cloud, s.url, kind)
}
