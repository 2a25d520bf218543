using System.Diagnostics;

namespace Retrieval.Cli.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public async Task The_version_is_told() => Assert.Matches(@"^\d+\.\d+\.\d+", (await CommandLineProcess.RunAsync("--version")).Succeeded().Output);

    [Theory]
    [InlineData("ingest")]
    [InlineData("score")]
    [InlineData("index", "status")]
    [InlineData("bundle", "verify")]
    [InlineData("serve")]
    public async Task Help_ends_with_examples(params string[] command)
    {
        var help = (await CommandLineProcess.RunAsync([.. command, "--help"])).Succeeded();

        Assert.Contains("Example", help.Output, StringComparison.Ordinal);
        Assert.Contains($"  retrieval {string.Join(' ', command)}", help.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_is_not_there_is_refused()
    {
        (await CommandLineProcess.RunAsync("fly")).Refused("fly");
        (await CommandLineProcess.RunAsync()).Refused("retrieval --help");
        (await CommandLineProcess.RunAsync("index")).Refused("retrieval index --help");
    }

    [Fact]
    public async Task The_server_explains_its_options_itself()
    {
        var outcome = await CommandLineProcess.RunAsync("serve", "--bundle", Fixture.Bundle(), "--Nonsense:Key=1");

        Assert.Equal(2, outcome.Code);
        Assert.Contains("Nonsense", outcome.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_reference_configuration_can_be_printed_and_binds()
    {
        using var folder = new TemporaryFolder();
        var file = folder["printed.jsonc"];
        await File.WriteAllTextAsync(file, (await CommandLineProcess.RunAsync("serve", "--print-config")).Succeeded().Output, TestContext.Current.CancellationToken);

        // As printed it lacks only what it says it lacks.
        var outcome = await CommandLineProcess.RunAsync("serve", "--config", file);

        Assert.Equal(2, outcome.Code);
        Assert.Equal(["Snapshot:Bundle", "Snapshot:Index"], outcome.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task A_command_that_waits_for_input_ends_at_an_interrupt()
    {
        using var process = CommandLineProcess.Start("tokenize");
        await process.StandardInput.WriteAsync("a cat\n");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal("""["a","cat"]""", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        using var interrupt = Process.Start("kill", ["-INT", $"{process.Id}"]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(130, process.ExitCode);
    }
}
