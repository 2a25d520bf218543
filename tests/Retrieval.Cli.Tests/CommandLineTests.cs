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
}
