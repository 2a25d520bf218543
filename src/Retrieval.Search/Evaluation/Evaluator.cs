using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Search.Evaluation;

/// <summary>
/// R@K of a model on a corpus, in both directions: the first stage alone, the two stages at several shortlist sizes, and every
/// pair scored; where the bundle has a ranking, by the score alone and by both stages. The corpus is a split, ingested by the
/// same job that fills a real index, or an index as it is stored. A shortlist is scored by the same scorer as in a query, so the
/// evaluation measures what is served. Only where all queries are scored with every candidate, the full ranking has the
/// text-to-image scores in both directions: the two scorers compute the same function, as the bundle's parity check shows, and
/// one pass over all pairs is long enough.
/// </summary>
/// <remarks>
/// Memory in addition to the index's mapped files: with every pair of all queries scored, 4 bytes × captions × images of a fold
/// (500 MB for 5,000 images with 5 captions each in one fold). Otherwise some 40 bytes × candidates × queries of a block: less than 200 MiB, unless one
/// query alone has more than four million candidates. In either case 4 bytes for each query and row of the report.
/// </remarks>
public sealed class Evaluator(MatchingModel model, EvaluationOptions options, TimeProvider time)
{
    /// <summary>Evaluates a split.</summary>
    /// <param name="source">The split; every row must be valid.</param>
    /// <param name="workFolder">An empty folder for the index; the caller deletes it.</param>
    /// <param name="progress">Receives how far the evaluation is, from the thread that computes.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="InvalidInputException">A row is invalid, there are no captions, the folds do not divide the images, or
    /// an option is out of range.</exception>
    public async Task<EvaluationReport> RunAsync(IFeatureSource source, string workFolder, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        RequireOptions();
        if (options.Folds > 1)
        {
            FoldSize.Require(source.CountRows(), options.Folds, source.Name); // before the encoding, not after it
        }

        await EncodedSplit.WriteAsync(model, source, workFolder, time, progress, cancellationToken).ConfigureAwait(false);
        using var index = LocalIndex.Open(workFolder, IndexBinding.SchemaOf(model));
        return await RunAsync(index, source.Name, null, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Evaluates an index as it is stored; nothing is encoded.</summary>
    /// <param name="index">The index, made with the model's bundle.</param>
    /// <param name="catalog">The catalog's first stage, if the index is a copy of a catalog's: shortlists are then taken through
    /// pgvector as well.</param>
    /// <param name="progress">Receives how far the evaluation is, from the thread that computes.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="InvalidInputException">There are no captions, an embedding gives no finite inner product, or an option is
    /// out of range.</exception>
    /// <exception cref="IndexMismatchException">The index was made with another bundle.</exception>
    /// <exception cref="IndexCorruptException">Stored data is damaged.</exception>
    /// <exception cref="InferenceException">A pair's score is not finite.</exception>
    /// <exception cref="CatalogException">Postgres refused, or the index is gone.</exception>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    public async Task<EvaluationReport> RunAsync(LocalIndex index, CatalogShortlist? catalog = null, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(index);
        RequireOptions();
        if (catalog is not null && options.Folds > 1)
        {
            throw new InvalidInputException("pgvector takes shortlists of the whole index, not of a fold", field: "folds");
        }

        IndexBinding.SchemaOf(model).Match(index.Path, index.Schema);
        return await RunAsync(index, index.Path, catalog, progress, cancellationToken).ConfigureAwait(false);
    }

    private void RequireOptions()
    {
        if (options.Shortlists?.Any(size => size < 1) == true)
        {
            throw new InvalidInputException("a shortlist must have at least 1 candidate", field: "shortlist");
        }

        if (options.Queries < 1)
        {
            throw new InvalidInputException("at least 1 query is needed", field: "queries");
        }

        if (options.MostPairs < 1)
        {
            throw new InvalidInputException("at least 1 pair is needed", field: "pairs");
        }

        if (options.Folds < 1)
        {
            throw new InvalidInputException("at least 1 fold is needed", field: "folds");
        }
    }

    private async Task<EvaluationReport> RunAsync(LocalIndex index, string name, CatalogShortlist? catalog, IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        var ranges = new CaptionRanges(index);
        if (ranges.Captions.Length == 0)
        {
            throw new InvalidInputException("has no captions to evaluate with", name);
        }

        using var run = new EvaluationRun(model, index, name, ranges, options, time, progress, cancellationToken);
        return await run.RunAsync(catalog, cancellationToken).ConfigureAwait(false);
    }
}
