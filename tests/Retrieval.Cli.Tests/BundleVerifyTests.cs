using System.Diagnostics;
using System.Text.Json;

namespace Retrieval.Cli.Tests;

public sealed class BundleVerifyTests
{
    [Fact]
    public async Task A_bundle_as_exported_is_verified()
    {
        var result = (await CommandLineProcess.RunAsync("bundle", "verify", Fixture.Bundle(), "--json")).Json();

        Assert.True(result.GetProperty("ok").GetBoolean());
        Assert.True(result.GetProperty("parity").GetProperty("textToImage").GetDouble() < 1e-5);
        Assert.Equal(6, result.GetProperty("files").EnumerateObject().Count());
    }

    [Fact]
    public async Task An_edited_graph_is_found()
    {
        using var folder = new TemporaryFolder();
        var bundle = Fixture.CopyOfBundle(folder);
        var graph = Path.Combine(bundle, "scorer_text_to_image.onnx");
        var bytes = await File.ReadAllBytesAsync(graph, TestContext.Current.CancellationToken);
        bytes[^100] ^= 1;
        await File.WriteAllBytesAsync(graph, bytes, TestContext.Current.CancellationToken);

        var outcome = await CommandLineProcess.RunAsync("bundle", "verify", bundle, "--json");

        Assert.Equal(1, outcome.Code);
        Assert.False(JsonDocument.Parse(outcome.Output).RootElement.GetProperty("ok").GetBoolean());
        Assert.Contains("scorer_text_to_image.onnx", outcome.Errors, StringComparison.Ordinal);
        (await CommandLineProcess.RunAsync("search", "--bundle", bundle, "--index", folder["index"], "--caption", "w4")).Refused("scorer_text_to_image.onnx", "SHA-256");
    }

    [Fact]
    public async Task The_runtime_reports_its_use_to_nobody()
    {
        using var folder = new TemporaryFolder();
        var home = Directory.CreateDirectory(folder["home"]).FullName;
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "retrieval.dll"), "bundle", "verify", Fixture.Bundle()])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["HOME"] = home, ["XDG_CACHE_HOME"] = null, ["ORT_DISABLE_TELEMETRY"] = null },
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        // Where telemetry is on, a device id and a queue of events appear under .cache.
        Assert.Equal(("", 0), (await errors, process.ExitCode));
        Assert.DoesNotContain(Directory.EnumerateFiles(home, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }), file => file.Contains("onnxruntime", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_refused() =>
        (await CommandLineProcess.RunAsync("bundle", "verify", "/no/such/folder")).Refused("/no/such/folder", "no such folder");
}
