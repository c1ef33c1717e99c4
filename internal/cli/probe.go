package cli

import (
	"fmt"
	"maps"
	"os/user"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/exit"
	"taskrecon/internal/job"
	"taskrecon/internal/probe"
	"taskrecon/internal/text"
)

// profileFlag names a profile that probe wrote.
const profileFlag = "profile"

func (p *program) probeCommand() *cli.Command {
	return &cli.Command{
		Name: "probe", Usage: "find out how this tenant's service behaves, by one change that is taken back", UsageText: "taskrecon probe [FLAGS] --task ID",
		Description: "Reads the task ID, adds a line to its description and takes it back; where the task is pending or active, it sets its status to the other of " +
			"these and takes that back, too. Says what a PATCH answers, how long reads lag, whether a PATCH of status takes effect, how members and dates are " +
			"written, and what headers say of limits. plan and apply take --settle-within, --reread-after and --status-via from the file that -o writes, " +
			"by --profile FILE. Choose a task that nobody works on.\n\nExample:\n" +
			"  taskrecon probe --task f3c95789-ace1-4954-8c5d-6baed2eac902 -o profile.json",
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "task", Category: inputFlags, Usage: "probe by the task `ID`"},
			&cli.BoolFlag{Name: "keep-status", DisableDefaultText: true, Category: sendingFlags, Usage: "leave the task's status alone"},
			&cli.DurationFlag{Name: "within", Category: sendingFlags, Value: 2 * time.Minute, Usage: "wait `TIME` for reads to show a change"},
			&cli.BoolFlag{Name: "yes", DisableDefaultText: true, Aliases: []string{"y"}, Category: sendingFlags, Usage: "do not ask before sending"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: outputFlags, Usage: "write what was found to `FILE.json`"},
			&cli.BoolFlag{Name: "overwrite", DisableDefaultText: true, Category: outputFlags, Usage: "replace the file if it exists already"},
		}, flagsOfService(), flagsOfSpeech()),
		Action: func(c *cli.Context) error { return p.runCommand(c, p.probe) },
	}
}

func (p *program) probe(c *cli.Context) (*job.Summary, error) {
	id, out := c.String("task"), c.String("output")
	switch {
	case c.Args().Present():
		return nil, usage("probe takes no argument: %q", c.Args().First())
	case id == "":
		return nil, exit.Errorf(exit.Usage, "see taskrecon probe --help", "probe needs --task ID")
	case c.Duration("within") <= 0:
		return nil, usage("--within %s is no time to wait", c.Duration("within"))
	case !c.Bool("yes") && !p.interactive():
		return nil, exit.Errorf(exit.Usage, "", "probe without a terminal needs --yes: it changes the task and takes that back")
	}
	if out != "" {
		if err := atomicfile.Check(out, c.Bool("overwrite")); err != nil {
			return nil, &exit.Error{Code: exit.Usage, Err: err, Hint: "name another, or say --overwrite"}
		}
	}
	if !c.Bool("yes") {
		fmt.Fprintf(p.stderr, "This changes task %s and takes it back: its description, and its status unless --keep-status.\nGo on? Only \"yes\" sends: ", text.Line(id))
		if yes, err := p.yes(c.Context); err != nil || !yes {
			return nil, exit.Errorf(exit.Failed, "", "not confirmed; nothing was sent")
		}
	}
	s := job.NewSummary("probe")
	found, err := p.probeTask(c, s, id)
	if found == nil {
		return s, err
	}
	if s.Patches = found.Writes; found.Kind != "" {
		s.Profile = found
		found.Print(p.humanOut(c))
	}
	if err == nil && out != "" {
		if err = probe.Write(out, found, c.Bool("overwrite")); err == nil {
			s.Reports = append(s.Reports, out)
			fmt.Fprintf(p.humanOut(c), "Profile %s\n", text.Line(out))
		}
	}
	if err == nil {
		s.Reason = "the task ends as it was"
	}
	return s, err
}

// probeTask probes by one task, under the tenant's lock.
func (p *program) probeTask(c *cli.Context, s *job.Summary, id string) (*probe.Profile, error) {
	target, err := p.connect(c, true)
	if err != nil {
		return nil, err
	}
	defer target.close()
	defer func() { s.Requests = target.client.Requests() }()
	who, err := target.client.Identity(c.Context)
	if err != nil {
		return nil, err
	}
	dirs, err := p.lockDirs(c)
	if err != nil {
		return nil, err
	}
	if dirs != (job.LockDirs{}) {
		lock, err := job.TakeLock(c.Context, dirs, job.LockName(target.cloud, who.Tenant, target.url), p.operator(), 0)
		if err != nil {
			return nil, err
		}
		defer func() { _ = lock.Release() }()
	}
	found, err := probe.Run(c.Context, probe.Config{
		Client: target.client, TaskID: id, Status: !c.Bool("keep-status"), Within: c.Duration("within"),
		Step: func(words string) { fmt.Fprintf(p.stderr, "%s\n", text.Line(words)) },
	})
	found.Tool, found.Tenant, found.Cloud = version(), who.Tenant, target.cloud
	return found, err
}

// lockDirs says where a command that writes locks; nowhere for a sandbox, which no other process can reach.
func (p *program) lockDirs(c *cli.Context) (dirs job.LockDirs, err error) {
	if c.String("sandbox") != "" {
		return dirs, nil
	}
	env := maps.Clone(p.env)
	if u, err := user.Current(); err == nil && env["HOME"] == "" && env["LOCALAPPDATA"] == "" {
		env["HOME"] = u.HomeDir // services are often started without it
	}
	dirs.Machine = machineDir(env)
	dirs.State, err = job.StateDir(env)
	return dirs, err
}

// takeProfile gives the flags that nothing else sets the values of a profile.
func (p *program) takeProfile(c *cli.Context, sources map[string]string, goesOn bool) error {
	path := c.String(profileFlag)
	if path == "" {
		return nil
	}
	profile, err := probe.Read(path)
	if err != nil {
		return usage("--profile: %w", err)
	}
	for _, name := range probe.Flags {
		value, ok := profile.Settings[name]
		if !ok || sources[name] != "default" || goesOn && slices.Contains(fixedByPlan, name) {
			continue
		}
		sources[name] = path
		if err := c.Set(name, value); err != nil {
			return usage("%s: %s: %s", path, name, err.Error())
		}
	}
	return nil
}
