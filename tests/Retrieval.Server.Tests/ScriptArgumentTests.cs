using System.Diagnostics;

namespace Retrieval.Server.Tests;

public sealed class ScriptArgumentTests
{
    [Theory]
    [InlineData("clients.sh", 0, "clients.sh [URL]", "-h")]
    [InlineData("clients.sh", 2, "the URL is 'localhost:8080'; expected one that begins with http:// or https://", "localhost:8080")]
    [InlineData("clients.sh", 2, "the URL is 'ftp://localhost'; expected one that begins with http:// or https://", "ftp://localhost")]
    [InlineData("clients.sh", 2, "2 arguments; expected one URL at most", "http://127.0.0.1:1", "http://127.0.0.1:2")]
    [InlineData("fuzz-readers.sh", 0, "fuzz-readers.sh [COUNT", "-h")]
    [InlineData("fuzz-readers.sh", 2, "'many'; expected a whole number below 1,000,000,000", "many")]
    [InlineData("fuzz-readers.sh", 2, "0 cases; expected at least one", "0")]
    [InlineData("fuzz-readers.sh", 2, "4 arguments; expected 3 at most", "1", "2", "3", "4")]
    [InlineData("reader-memory.sh", 0, "reader-memory.sh [IMAGES]", "-h")]
    [InlineData("reader-memory.sh", 2, "'0'; expected a whole number from 1 to 999,999", "0")]
    [InlineData("mutate.sh", 0, "mutate.sh Domain", "-h")]
    [InlineData("mutate.sh", 2, "the project is ''; expected one of Bench Cli Domain ")]
    [InlineData("mutate.sh", 2, "the project is 'Nothing'; expected one of ", "Nothing")]
    [InlineData("mutate.sh", 2, "the project is 'Terminal'; expected one of ", "Terminal")]
    [InlineData("mutate.sh", 2, "the project is 'Cli Domain'; expected one of ", "Cli Domain")]
    public async Task A_script_of_eng_checks_its_arguments_before_it_does_anything(string script, int code, string said, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "eng", script), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(code, process.ExitCode);
        Assert.Contains(said, code == 0 ? await output : error, StringComparison.Ordinal);
        Assert.Contains($"eng/{script}", await output + error, StringComparison.Ordinal);
        Assert.Equal(code == 0, error.Length == 0);
    }
}
