using System.Diagnostics;
using System.Text.Json;

namespace Retrieval.Cli.Tests;

public sealed class KeysTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_key_is_made_listed_and_revoked()
    {
        var made = (await RunAsync("new", "--name", "shop", "--role", "query", "metrics", "--expires", "90d", "--pairs-per-second", "500")).Succeeded();
        Assert.Matches("^rsk_[0-9a-f]{12}_[0-9a-f]{64}\n$", made.Output);
        Assert.Contains("the only time that the key of 'shop' is shown", made.Errors, StringComparison.Ordinal);

        using var listed = JsonDocument.Parse((await RunAsync("list", "--json")).Succeeded().Output);
        var key = listed.RootElement.GetProperty("keys")[0];
        Assert.Equal(("shop", "query,metrics", 500, false), (key.GetProperty("name").GetString(), string.Join(',', key.GetProperty("roles").EnumerateArray()), key.GetProperty("pairsPerSecond").GetInt32(), key.GetProperty("expired").GetBoolean()));
        Assert.InRange((key.GetProperty("expires").GetDateTimeOffset() - key.GetProperty("created").GetDateTimeOffset()).TotalDays, 89.99, 90.01);
        Assert.DoesNotContain(made.Output.Trim()[17..], listed.RootElement.GetRawText(), StringComparison.Ordinal);

        var table = (await RunAsync("list")).Succeeded().Output;
        Assert.Contains("query, metrics", table, StringComparison.Ordinal);
        Assert.StartsWith("revoked shop (", (await RunAsync("revoke", "--name", "shop")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal("""{"keys":[]}""", JsonSerializer.Serialize(JsonDocument.Parse((await RunAsync("list", "--json")).Succeeded().Output)));
    }

    [Fact]
    public async Task A_link_is_followed_by_its_bare_name_too()
    {
        (await RunAsync("new", "--name", "a", "--role", "query")).Succeeded();
        File.CreateSymbolicLink(_folder["link.json"], "keys.json");

        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "retrieval.dll"), "keys", "revoke", "--key-file", "link.json", "--name", "a"]) { WorkingDirectory = _folder.Path, RedirectStandardError = true };
        using var revoke = Process.Start(start)!;
        var said = await revoke.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await revoke.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, revoke.ExitCode);
        Assert.Contains("No key is left", said, StringComparison.Ordinal);
        Assert.Equal("""{"keys":[]}""", JsonSerializer.Serialize(JsonDocument.Parse((await RunAsync("list", "--json")).Succeeded().Output)));
        Assert.Equal("keys.json", new FileInfo(_folder["link.json"]).LinkTarget);
    }

    [Theory]
    [InlineData("--name is 'a b'; expected a name of 1 to 64", "--name", "a b", "--role", "query")]
    [InlineData("--role is 'root'; expected one or more of query, ingest, admin, metrics", "--name", "a", "--role", "root")]
    [InlineData("--expires is 'never'; expected a number of days such as 90d", "--name", "a", "--role", "query", "--expires", "never")]
    [InlineData("--expires is '2020-01-01', which is over", "--name", "a", "--role", "query", "--expires", "2020-01-01")]
    [InlineData("--expires is '0d', which is over", "--name", "a", "--role", "query", "--expires", "0d")]
    [InlineData("--expires is '1e9d'; expected", "--name", "a", "--role", "query", "--expires", "1e9d")]
    [InlineData("--pairs-per-second is '-1'; expected a number from 0", "--name", "a", "--role", "query", "--pairs-per-second", "-1")]
    [InlineData("--role", "--name", "a")]
    public async Task What_no_key_can_be_made_of_is_refused_and_no_file_is_made(string error, params string[] arguments)
    {
        var outcome = await RunAsync(["new", .. arguments]);

        Assert.Equal(2, outcome.Code);
        Assert.Contains(error, Assert.Single(outcome.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["keys.json"]));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_and_a_file_that_is_none_are_told()
    {
        var nowhere = await CommandLineProcess.RunAsync("keys", "new", "--key-file", _folder["no/keys.json"], "--name", "a", "--role", "query");
        Assert.Equal(2, nowhere.Code);
        _folder.Write("keys.json", "{");
        var broken = await RunAsync("list");
        Assert.Equal(2, broken.Code);
        Assert.Contains("line 1: found what is no JSON", broken.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("new", "--name", "a", "--role", "query")).Code);
        Assert.Equal("{", await File.ReadAllTextAsync(_folder["keys.json"], TestContext.Current.CancellationToken));
    }

    private Task<Outcome> RunAsync(string verb, params string[] arguments) => CommandLineProcess.RunAsync(["keys", verb, "--key-file", _folder["keys.json"], .. arguments]);

    private Task<Outcome> RunAsync(string[] arguments) => RunAsync(arguments[0], arguments[1..]);
}
