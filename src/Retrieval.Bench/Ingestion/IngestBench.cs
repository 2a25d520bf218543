using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Retrieval.Bench.Catalogs;
using Retrieval.Domain.Text;
using Retrieval.Inference;
using Retrieval.Inference.Bundles;
using Retrieval.Terminal.Output;

namespace Retrieval.Bench.Ingestion;

/// <summary>
/// Measures the rate and memory of ingestion at several corpus sizes. Each corpus is ingested by <c>retrieval ingest</c> in its own
/// process, since peak memory is measured per process; the rate of the encoders alone is measured right before it.
/// </summary>
internal sealed class IngestBench(IngestOptions options)
{
    private const int EncoderBatches = 5;
    private DeviceView? _device;

    public async Task<IngestReport> RunAsync(IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        if (options.Keep is { } folder)
        {
            return await KeepAsync(folder, progress, cancellationToken).ConfigureAwait(false);
        }

        var runs = new List<IngestRun>();
        foreach (var images in options.Images)
        {
            var work = Directory.CreateTempSubdirectory("retrieval-bench-");
            try
            {
                runs.Add(await RunAsync(images, work.FullName, cancellationToken).ConfigureAwait(false));
                progress.Report(("ingest", (double)runs.Count / options.Images.Count));
            }
            finally
            {
                work.Delete(recursive: true);
            }
        }

        return new IngestReport(Machine.Current(), _device!, options, SparseSplit.Features, runs);
    }

    private async Task<IngestReport> KeepAsync(string folder, IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        var bundle = VerifiedBundle.Read(options.Bundle);
        using var model = MatchingModel.Load(bundle, options.Inference);
        _device = DeviceView.Of(model.Device);
        var run = await new IngestRandomIndex(options).RunAsync(model, folder, options.Images[0], Words(bundle), progress, cancellationToken).ConfigureAwait(false);
        return new IngestReport(Machine.Current(), _device, options, $"random; the records of {IngestRandomIndex.Distinct} images repeat, coarse embeddings do not", [run]);
    }

    private async Task<IngestRun> RunAsync(int images, string work, CancellationToken cancellationToken)
    {
        var encoders = MeasureEncoders(images, work);
        if (options.Postgres is { } postgres)
        {
            var index = await CatalogSpace.MakeAsync(postgres, options.Bundle, cancellationToken).ConfigureAwait(false);
            await using (index.ConfigureAwait(false))
            {
                var (report, peak) = await IngestAsync(work, ["--postgres", postgres, "--name", index.Name, "--no-activate"], cancellationToken).ConfigureAwait(false);
                return Run(images, encoders, report, peak, await index.BytesAsync(cancellationToken).ConfigureAwait(false));
            }
        }

        var folder = Path.Combine(work, "index");
        var (output, resident) = await IngestAsync(work, ["--index", folder, "--commit-rows", Text(options.CommitRows)], cancellationToken).ConfigureAwait(false);
        return Run(images, encoders, output, resident, new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length));
    }

    private static IngestRun Run(int images, double encoders, string output, long peak, long bytes)
    {
        using var report = JsonDocument.Parse(output);
        var rate = report.RootElement.GetProperty("rowsPerSecond").GetDouble();
        return new IngestRun(images, rate, encoders, rate / encoders, peak, bytes);
    }

    // Also writes the corpus: both need the bundle's shapes, and the model must be unloaded before the other process starts.
    private double MeasureEncoders(int images, string work)
    {
        var bundle = VerifiedBundle.Read(options.Bundle);
        using var model = MatchingModel.Load(bundle, options.Inference);
        _device = DeviceView.Of(model.Device);
        SparseSplit.Write(work, images, options.CaptionsPerImage, options.Words, model.Manifest, Words(bundle));

        var inputs = new RandomInputs(1);
        var regions = inputs.Regions(options.Batch, model.Manifest);
        var captions = inputs.Captions(options.Batch * options.CaptionsPerImage, options.Words, model.Manifest.VocabularySize);
        var rates = new List<double>();
        for (var batch = 0; batch <= EncoderBatches; batch++)
        {
            var started = Stopwatch.GetTimestamp();
            using var encoded = model.ImageEncoder.Encode(regions);
            using var texts = captions.Length == 0 ? null : model.TextEncoder.Encode(captions);
            rates.Add(options.Batch / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return Samples.Of(rates.Skip(1)).Median;
    }

    private static string[] Words(VerifiedBundle bundle)
    {
        var file = bundle.Manifest.VocabularyFile;
        using var stream = new MemoryStream(bundle.Content(file), writable: false);
        var vocabulary = Vocabulary.Read(stream, file);
        return [.. Enumerable.Range(RandomInputs.SpecialWords, vocabulary.Count - RandomInputs.SpecialWords).Select(id => vocabulary[id])];
    }

    private async Task<(string Output, long Peak)> IngestAsync(string work, string[] destination, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "retrieval.dll"));
        }

        foreach (var argument in (string[])[
            "ingest", "--bundle", options.Bundle, "--source", work, "--split", SparseSplit.Name,
            "--batch", Text(options.Batch), "--threads", Text(options.Threads), "--provider", options.Provider.ToString().ToLowerInvariant(),
            .. options.ProviderLibrary is { Length: > 0 } library ? ["--provider-library", library] : Array.Empty<string>(), "--json", .. destination])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            long peak = 0;
            while (!process.HasExited)
            {
                peak = Math.Max(peak, PeakResident(process.Id));
                await Task.Delay(20, cancellationToken).ConfigureAwait(false);
            }

            return process.ExitCode == 0
                ? (await output.ConfigureAwait(false), peak)
                : throw new InvalidOperationException($"retrieval ingest ended with {process.ExitCode}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static long PeakResident(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : 1024 * long.Parse(line.AsSpan(6).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // The process has just ended.
            return 0;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
