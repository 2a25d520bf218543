using Retrieval.Domain.Bundles;
using Retrieval.Inference;
using Retrieval.Inference.Banks;
using Retrieval.Inference.Records;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Search.Evaluation;

/// <summary>One evaluation of an index: its plan, its banks, and both directions one after the other.</summary>
internal sealed class EvaluationRun : IDisposable
{
    private const string EveryPair = "every pair";
    private const string TextToImage = "text to image";
    private const string ImageToText = "image to text";

    private readonly MatchingModel _model;
    private readonly LocalIndex _index;
    private readonly CaptionRanges _ranges;
    private readonly TimeProvider _time;
    private readonly int[] _imageQueries;
    private readonly int[] _captionQueries;
    private readonly EvaluationPlan _plan;
    private readonly PairMeter _meter;
    private readonly IReadOnlyList<RankBy> _orders;
    private readonly FeatureBank _images;
    private readonly FeatureBank _captions;

    public EvaluationRun(MatchingModel model, LocalIndex index, CaptionRanges ranges, EvaluationOptions options, TimeProvider time, IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        (_model, _index, _ranges, _time) = (model, index, ranges, time);
        _imageQueries = QuerySample.Of(ranges.ImagesWithCaptions, options.Queries);
        _captionQueries = QuerySample.Of(ranges.Captions, options.Queries);
        _plan = EvaluationPlan.Of(ranges, _imageQueries.Length, _captionQueries.Length, options, Ranking);
        _orders = Ranking is null ? [RankBy.Score] : [RankBy.Score, RankBy.Both];
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
        _meter.Report(_plan.OnePass ? EveryPair : TextToImage, 0);
        var matrix = _plan.OnePass ? PairMatrix.Score(_meter, _model.TextToImage, _images.Records, _captions.Records, _ranges, EveryPair, cancellationToken) : null;
        var text = await OfText(matrix, catalog, cancellationToken).RunAsync(_time, done => _meter.Report(TextToImage, done), cancellationToken).ConfigureAwait(false);
        var images = await OfImages(matrix, catalog, cancellationToken).RunAsync(_time, done => _meter.Report(ImageToText, done), cancellationToken).ConfigureAwait(false);

        _index.RequireSound();
        var rows = new EvaluationRows(_plan, _orders, images, text);
        return new EvaluationReport(_model.Label, Ranking, _plan, [.. rows.Rows()], rows.Pgvector(), _meter.Pairs, _meter.Elapsed);
    }

    public void Dispose()
    {
        _captions.Dispose();
        _images.Dispose();
    }

    private Direction OfText(PairMatrix? matrix, CatalogShortlist? catalog, CancellationToken cancellationToken)
    {
        float[] Score(int caption, long[] slots) => _meter.Score(_model.TextToImage, _images.Records, _captions.Records, caption, slots, cancellationToken);
        return new Direction
        {
            Index = _index,
            Items = CatalogItems.Images,
            QuerySlots = _captionQueries,
            IsTarget = (caption, image) => _ranges.Belongs(caption, image),
            Shortlists = _plan.Shortlists,
            Orders = _orders,
            Ranking = Ranking?.TextToImage,
            Score = _plan.Full ? null : Score,
            ScoreAll = matrix is not null ? matrix.OfCaption : _plan.Full ? Score : null,
            Catalog = catalog,
            Threads = _model.Threads,
        };
    }

    private Direction OfImages(PairMatrix? matrix, CatalogShortlist? catalog, CancellationToken cancellationToken)
    {
        float[] Score(int image, long[] slots) => _meter.Score(_model.ImageToText, _captions.Records, _images.Records, image, slots, cancellationToken);
        return new Direction
        {
            Index = _index,
            Items = CatalogItems.Captions,
            QuerySlots = _imageQueries,
            IsTarget = (image, caption) => _ranges.Belongs(caption, image),
            Shortlists = _plan.Shortlists,
            Orders = _orders,
            Ranking = Ranking?.ImageToText,
            Score = _plan.Full && matrix is null ? null : Score,
            ScoreAll = matrix is not null ? matrix.OfImage : _plan.Full ? Score : null,
            Catalog = catalog,
            Threads = _model.Threads,
        };
    }
}
