using System.Diagnostics;
using System.Runtime.Versioning;

namespace Retrieval.Cli.Tests;

/// <summary>The launcher script, in a repository of its own with a stand-in for <c>dotnet</c> that notes what it is asked.</summary>
[SupportedOSPlatform("linux")]
public sealed class LauncherTests : IDisposable
{
    private const string Dotnet = """
        #!/bin/bash
        here=$(dirname "$0")
        if [ "$1" = build ]; then
          echo build >> "$here/calls"
          echo "noise of the build"
          sleep 0.5
          [ ! -e "$here/broken" ] || { echo "error CS0000"; exit 1; }
          mkdir -p "$2/bin/Release/net10.0"
          touch "$2/bin/Release/net10.0/retrieval.dll"
        else
          shift
          echo "ran with: $*"
          exit 7
        fi
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly string _project;

    public LauncherTests()
    {
        _project = Directory.CreateDirectory(_folder["repository/src/Retrieval.Cli"]).FullName;
        File.Copy(Path.Combine(Repository.Root, "retrieval"), _folder["repository/retrieval"]);
        File.WriteAllText(_folder["repository/global.json"], "{}");
        File.WriteAllText(_folder["repository/Directory.Build.props"], "<Project/>");
        File.WriteAllText(Path.Combine(_project, "Program.cs"), "");
        Directory.CreateDirectory(_folder["tools"]);
        _folder.Write("tools/dotnet", Dotnet);
        File.SetUnixFileMode(_folder["tools/dotnet"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private int Builds => File.Exists(_folder["tools/calls"]) ? File.ReadAllLines(_folder["tools/calls"]).Length : 0;

    [Fact]
    public async Task It_builds_once_and_passes_arguments_and_exit_code_on()
    {
        var first = await RunAsync("repository/retrieval", "search", "--caption", "two  words");
        var second = await RunAsync("repository/retrieval");

        Assert.Equal((7, "ran with: search --caption two  words\n"), (first.Code, first.Output));
        Assert.DoesNotContain("noise", first.Errors, StringComparison.Ordinal);
        Assert.Equal((7, "ran with: \n", ""), (second.Code, second.Output, second.Errors));
        Assert.Equal(1, Builds);
    }

    [Fact]
    public async Task It_builds_again_after_a_source_changed_and_not_for_what_a_build_writes()
    {
        await RunAsync("repository/retrieval");
        Touch(Path.Combine(_project, "obj", "anything"));
        Touch(Path.Combine(_project, "bin", "anything"));
        await RunAsync("repository/retrieval");
        Assert.Equal(1, Builds);

        Touch(Path.Combine(_project, "Program.cs"));
        await RunAsync("repository/retrieval");
        Assert.Equal(2, Builds);

        Touch(_folder["repository/Directory.Build.props"]);
        await RunAsync("repository/retrieval");
        Assert.Equal(3, Builds);
    }

    [Fact]
    public async Task It_builds_again_after_a_source_was_deleted_or_renamed()
    {
        Touch(Path.Combine(_project, "One.cs"));
        Touch(Path.Combine(_project, "Two.cs"));
        await RunAsync("repository/retrieval");

        File.Delete(Path.Combine(_project, "One.cs"));
        await RunAsync("repository/retrieval");
        Assert.Equal(2, Builds);

        File.Move(Path.Combine(_project, "Two.cs"), Path.Combine(_project, "Three.cs"));
        await RunAsync("repository/retrieval");
        await RunAsync("repository/retrieval");
        Assert.Equal(3, Builds);
    }

    [Theory]
    [InlineData("Darwin arm64")]
    [InlineData("Linux aarch64")]
    public async Task On_another_platform_it_says_so_in_one_line(string platform)
    {
        _folder.Write("tools/uname", $"#!/bin/sh\necho '{platform}'\n");
        File.SetUnixFileMode(_folder["tools/uname"], UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var refused = await RunAsync("repository/retrieval", "x");

        Assert.Equal((1, "", $"retrieval: only Linux on x86-64 is supported; this is {platform}\n"), (refused.Code, refused.Output, refused.Errors));
        Assert.Equal(0, Builds);
    }

    [Fact]
    public async Task First_runs_at_the_same_time_build_once()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => RunAsync("repository/retrieval", "x")));

        Assert.All(runs, run => Assert.Equal((7, "ran with: x\n"), (run.Code, run.Output)));
        Assert.Equal(1, Builds);
    }

    [Fact]
    public async Task A_failed_build_shows_its_output_and_runs_nothing()
    {
        _folder.Write("tools/broken", "");

        var failed = await RunAsync("repository/retrieval", "x");
        File.Delete(_folder["tools/broken"]);
        var mended = await RunAsync("repository/retrieval", "x");

        Assert.Equal((1, ""), (failed.Code, failed.Output));
        Assert.Contains("error CS0000", failed.Errors, StringComparison.Ordinal);
        Assert.Equal(7, mended.Code);
    }

    [Fact]
    public async Task It_works_through_links()
    {
        Directory.CreateDirectory(_folder["elsewhere"]);
        File.CreateSymbolicLink(_folder["elsewhere/link"], "../repository/retrieval");
        File.CreateSymbolicLink(_folder["elsewhere/again"], "link");

        Assert.Equal("ran with: x\n", (await RunAsync("elsewhere/again", "x")).Output);
    }

    public void Dispose() => _folder.Dispose();

    private static void Touch(string path) => File.WriteAllText(path, "");

    private async Task<Outcome> RunAsync(string script, params string[] args)
    {
        var start = new ProcessStartInfo(_folder[script]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        start.Environment["PATH"] = $"{_folder["tools"]}:{Environment.GetEnvironmentVariable("PATH")}";
        Array.ForEach(args, start.ArgumentList.Add);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Outcome(process.ExitCode, await output, await errors);
    }
}
