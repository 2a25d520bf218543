using Retrieval.Domain.Bundles;
using Retrieval.Inference;
using Retrieval.Inference.Banks;
using Retrieval.Search.Queries;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Search.Evaluation;

/// <summary>The evaluation of one fold: both directions one after the other.</summary>
internal sealed class FoldRun
{
    private const string EveryPair = "every pair";
    private const string TextToImage = "text to image";
    private const string ImageToText = "image to text";

    public required MatchingModel Model { get; init; }

    public required LocalIndex Index { get; init; }

    /// <summary>Records of the images.</summary>
    public required FeatureBank Images { get; init; }

    /// <summary>Records of the captions.</summary>
    public required FeatureBank Captions { get; init; }

    public required EvaluationFold Fold { get; init; }

    public required EvaluationPlan Plan { get; init; }

    public required PairMeter Meter { get; init; }

    /// <summary>The orders of the rows.</summary>
    public required IReadOnlyList<RankBy> Orders { get; init; }

    /// <summary>The catalog's first stage; null for exact shortlists alone.</summary>
    public CatalogShortlist? Catalog { get; init; }

    private RankingSpec? Ranking => Model.Manifest.Ranking;

    public async Task<EvaluationRows> RunAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        Meter.Report(Stage(Fold.OnePass ? EveryPair : TextToImage), 0);
        var matrix = Fold.OnePass ? PairMatrix.Score(Meter, Model.TextToImage, Images.Records, Captions.Records, Fold.Ranges, Stage(EveryPair), cancellationToken) : null;
        var text = await OfText(matrix, cancellationToken).RunAsync(time, done => Meter.Report(Stage(TextToImage), done), cancellationToken).ConfigureAwait(false);
        var images = await OfImages(matrix, cancellationToken).RunAsync(time, done => Meter.Report(Stage(ImageToText), done), cancellationToken).ConfigureAwait(false);
        return new EvaluationRows(Plan, Orders, images, text);
    }

    private string Stage(string name) => Fold.Name is null ? name : $"{Fold.Name}, {name}";

    private Direction OfText(PairMatrix? matrix, CancellationToken cancellationToken)
    {
        float[] Score(int caption, long[] slots) => Meter.Score(Model.TextToImage, Images.Records, Captions.Records, caption, slots, cancellationToken);
        return new Direction
        {
            Index = Index,
            Items = CatalogItems.Images,
            CandidateCount = Fold.Ranges.Images.Length,
            IsCandidate = Fold.Name is null ? null : Fold.Ranges.HasImage,
            QuerySlots = Fold.CaptionQueries,
            IsTarget = (caption, image) => Fold.Ranges.Belongs(caption, image),
            Shortlists = Plan.Shortlists,
            Orders = Orders,
            Ranking = Ranking?.TextToImage,
            Score = Plan.Full ? null : Score,
            ScoreAll = matrix is not null ? matrix.OfCaption : Plan.Full ? Score : null,
            Catalog = Catalog,
            Threads = Model.Threads,
        };
    }

    private Direction OfImages(PairMatrix? matrix, CancellationToken cancellationToken)
    {
        float[] Score(int image, long[] slots) => Meter.Score(Model.ImageToText, Captions.Records, Images.Records, image, slots, cancellationToken);
        return new Direction
        {
            Index = Index,
            Items = CatalogItems.Captions,
            CandidateCount = Fold.Ranges.Captions.Length,
            IsCandidate = Fold.Name is null ? null : Fold.Ranges.HasCaption,
            QuerySlots = Fold.ImageQueries,
            IsTarget = (image, caption) => Fold.Ranges.Belongs(caption, image),
            Shortlists = Plan.Shortlists,
            Orders = Orders,
            Ranking = Ranking?.ImageToText,
            Score = Plan.Full && matrix is null ? null : Score,
            ScoreAll = matrix is not null ? matrix.OfImage : Plan.Full ? Score : null,
            Catalog = Catalog,
            Threads = Model.Threads,
        };
    }
}
