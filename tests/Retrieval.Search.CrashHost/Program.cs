using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Search.CrashHost;
using Retrieval.Search.Ingestion;

// bundle, folder of the split, name of the split, index, rows a batch, rows a commit
var options = new IngestionOptions { SourceKey = "killed", BatchRows = int.Parse(args[4], null), CommitRows = int.Parse(args[5], null) };
using var model = MatchingModel.Load(args[0], new InferenceOptions { Threads = 1 });
using var source = PrecomputedSplitSource.Open(args[1], args[2], new FeatureExpectation { RegionCount = model.Manifest.RegionCount, RegionWidth = model.Manifest.RegionWidth });
Console.WriteLine("open");
var report = await new IngestionJob(model, options, TimeProvider.System).RunAsync(source, args[3], new LinePerWindow()).ConfigureAwait(false);
Console.WriteLine($"done {report.Progress.Rows}");
