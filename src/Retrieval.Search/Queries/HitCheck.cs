using Retrieval.Search.Snapshots;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Queries;

/// <summary>
/// Takes the best candidates whose stored texts can be answered with. Others are left out, and the next ones move up. All
/// that could fail while an answer is written fails here, before its first byte.
/// </summary>
/// <param name="texts">Of the index that was searched.</param>
/// <param name="mostBytes">Bytes an answer may have.</param>
internal sealed class HitCheck(StoredTexts texts, long mostBytes)
{
    /// <param name="ranked">Candidates, best first.</param>
    /// <param name="captions">Whether they are captions.</param>
    /// <param name="top">How many are wanted.</param>
    /// <param name="leaveOut">Told of each candidate that is left out: the kind of damage, and its slot.</param>
    /// <exception cref="AnswerTooLongException">The hits' texts alone are longer than an answer may be.</exception>
    public List<LocatedHit> Take(Candidate[] ranked, bool captions, int top, Action<string, long> leaveOut)
    {
        var hits = new List<LocatedHit>(Math.Min(top, ranked.Length));
        long bytes = 0;
        foreach (var candidate in ranked)
        {
            if (hits.Count == top)
            {
                break;
            }

            try
            {
                var (image, position) = captions ? texts.Locate(candidate.Slot) : (candidate.Slot, 0);
                bytes += texts.RequireImage(image) + (captions ? texts.RequireCaption(candidate.Slot) : 0);
                hits.Add(new LocatedHit(hits.Count + 1, candidate.Score, candidate.Coarse, image, captions ? candidate.Slot : null, position));
            }
            catch (IndexCorruptException)
            {
                leaveOut(captions ? StoredData.CaptionText : StoredData.ImageText, candidate.Slot);
            }

            // Not looked through to the end: the texts that were stored before there were bounds may be of any length.
            if (bytes > mostBytes)
            {
                throw AnswerTooLongException.OfHits(bytes, mostBytes);
            }
        }

        return hits;
    }
}
