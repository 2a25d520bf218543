using Retrieval.Domain.Bundles;
using Retrieval.Inference;
using Retrieval.Inference.Banks;
using Retrieval.Inference.Records;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Search.Evaluation;

/// <summary>One evaluation of an index: its plan, its banks, and its folds one after the other.</summary>
internal sealed class EvaluationRun : IDisposable
{
    private readonly MatchingModel _model;
    private readonly LocalIndex _index;
    private readonly TimeProvider _time;
    private readonly IReadOnlyList<EvaluationFold> _folds;
    private readonly EvaluationPlan _plan;
    private readonly PairMeter _meter;
    private readonly FeatureBank _images;
    private readonly FeatureBank _captions;

    public EvaluationRun(MatchingModel model, LocalIndex index, string name, CaptionRanges ranges, EvaluationOptions options, TimeProvider time, IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        (_model, _index, _time) = (model, index, time);
        (_folds, _plan) = EvaluationPlan.Make(ranges, name, options, Ranking);
        _images = FeatureBank.Open(model, RecordSide.Image, IndexBinding.RecordsOf(index.Images), cancellationToken: cancellationToken);
        try
        {
            _captions = FeatureBank.Open(model, RecordSide.Caption, IndexBinding.RecordsOf(index.Captions), cancellationToken: cancellationToken);
        }
        catch
        {
            _images.Dispose();
            throw;
        }

        _meter = new PairMeter(_plan, time, progress);
    }

    private RankingSpec? Ranking => _model.Manifest.Ranking;

    public async Task<EvaluationReport> RunAsync(CatalogShortlist? catalog, CancellationToken cancellationToken)
    {
        var rows = new List<EvaluationRows>();
        foreach (var fold in _folds)
        {
            var run = new FoldRun
            {
                Model = _model,
                Index = _index,
                Images = _images,
                Captions = _captions,
                Fold = fold,
                Plan = _plan,
                Meter = _meter,
                Orders = Ranking is null ? [RankBy.Score] : [RankBy.Score, RankBy.Both],
                Catalog = catalog,
            };
            rows.Add(await run.RunAsync(_time, cancellationToken).ConfigureAwait(false));
        }

        _index.RequireSound();
        return new EvaluationReport(
            _model.Label, Ranking, _plan, EvaluationRow.Average([.. rows.Select(fold => fold.Rows().ToList())]), rows[0].Pgvector(), _meter.Pairs, _meter.Elapsed);
    }

    public void Dispose()
    {
        _captions.Dispose();
        _images.Dispose();
    }
}
