using Retrieval.Domain.Bundles;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Queries;

/// <summary>
/// Takes the best candidates whose stored texts can be returned. Others are left out, and the next ones move up. Everything
/// that could fail while an answer is written fails here, before its first byte.
/// </summary>
/// <param name="texts">Texts of the index that was searched.</param>
/// <param name="transform">What the candidates have in place of scores.</param>
/// <param name="mostBytes">Largest permitted answer in bytes.</param>
internal sealed class HitCheck(StoredTexts texts, ScoreTransform transform, long mostBytes)
{
    /// <param name="ranked">Candidates, best first.</param>
    /// <param name="captions">Whether they are captions.</param>
    /// <param name="page">Which of the hits are wanted.</param>
    /// <param name="leaveOut">Called for each candidate that is left out, with the kind of damage and its slot.</param>
    /// <exception cref="AnswerTooLongException">The hits' texts alone exceed the longest permitted answer.</exception>
    public List<LocatedHit> Take(Candidate[] ranked, bool captions, RequestLimits page, Action<string, long> leaveOut)
    {
        var hits = new List<LocatedHit>(Math.Min(page.Top, ranked.Length));
        var rank = page.Skipped;
        long bytes = 0;
        foreach (var candidate in ranked)
        {
            if (hits.Count == page.Top)
            {
                break;
            }

            try
            {
                var (image, position) = captions ? texts.Locate(candidate.Slot) : (candidate.Slot, 0);
                var length = texts.RequireImage(image) + (captions ? texts.RequireCaption(candidate.Slot) : 0);
                if (++rank > page.Offset)
                {
                    bytes += length;
                    hits.Add(Hit(rank, candidate, image, captions ? candidate.Slot : null, position));
                }
            }
            catch (IndexCorruptException)
            {
                leaveOut(captions ? StoredData.CaptionText : StoredData.ImageText, candidate.Slot);
            }

            // Not read to the end: texts that were stored before there were bounds may have any length.
            if (bytes > mostBytes)
            {
                throw AnswerTooLongException.OfHits(bytes, mostBytes);
            }
        }

        return hits;
    }

    private LocatedHit Hit(int rank, Candidate candidate, long image, long? caption, int position) => candidate.Transformed is { } transformed
        ? new LocatedHit(rank, transform.ScoreOf(transformed), candidate.ScoreRank, candidate.Coarse, candidate.RankingScore, image, caption, position)
        : new LocatedHit(rank, null, null, candidate.Coarse, null, image, caption, position);
}
