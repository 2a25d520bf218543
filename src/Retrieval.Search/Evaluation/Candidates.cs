using Retrieval.Domain.Bundles;
using Retrieval.Domain.Evaluation;
using Retrieval.Search.Queries;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Search.Evaluation;

/// <summary>
/// All candidates of one query in coarse order, and the values by which they are ordered. A <em>place</em> is a candidate's
/// number in coarse order, from 0.
/// </summary>
internal sealed class Candidates
{
    private const int TopTenLength = 10;

    private static readonly Comparer<(double Value, int Place)> WorstFirst = Comparer<(double Value, int Place)>.Create(
        (one, other) => one.Value.CompareTo(other.Value) is not 0 and var byValue ? byValue : other.Place.CompareTo(one.Place));

    private readonly ShortlistHit[] _hits;
    private readonly bool[] _isTarget;
    private readonly DirectionRanking? _ranking;
    private float[]? _listed;
    private float[]? _all;

    /// <param name="hits">Every candidate, in coarse order.</param>
    /// <param name="isTarget">Whether the candidate in a slot belongs to the query.</param>
    /// <param name="ranking">How hits are ordered by both stages; null if by the score alone.</param>
    public Candidates(ShortlistHit[] hits, Func<long, bool> isTarget, DirectionRanking? ranking)
    {
        _hits = hits;
        _isTarget = Array.ConvertAll(hits, hit => isTarget(hit.Slot));
        _ranking = ranking;
    }

    public int Count => _hits.Length;

    /// <summary>Rank of the target in coarse order.</summary>
    public int CoarseRank => TargetRank.Of(Array.ConvertAll(_hits, hit => hit.Score), place => _isTarget[place]);

    public long SlotAt(int place) => _hits[place].Slot;

    public float CoarseAt(int place) => _hits[place].Score;

    /// <summary>Slots of all, by place.</summary>
    public long[] Slots() => Array.ConvertAll(_hits, hit => hit.Slot);

    /// <summary>Places of the exact shortlist of a size.</summary>
    public int[] First(int size) => [.. Enumerable.Range(0, Math.Min(size, Count))];

    /// <summary>The scores with which shortlists are reranked, as the scorer's graph gives them; without them, those of all are taken.</summary>
    public void SetListed(ReadOnlySpan<int> places, ReadOnlySpan<float> scores)
    {
        _listed = new float[_hits.Length];
        for (var i = 0; i < places.Length; i++)
        {
            _listed[places[i]] = scores[i];
        }
    }

    /// <summary>The scores of all candidates, by place, with which the full ranking is made.</summary>
    public void SetAll(float[] scores) => _all = scores;

    /// <summary>Rank of the target among the reranked candidates of a shortlist, from 0.</summary>
    /// <param name="rankBy">The order.</param>
    /// <param name="shortlist">Places of its candidates.</param>
    public int RerankedRank(RankBy rankBy, int[] shortlist)
    {
        var scores = _listed ?? _all!;
        return TargetRank.Of(Array.ConvertAll(shortlist, place => Value(rankBy, scores[place], place)), i => _isTarget[shortlist[i]]);
    }

    /// <summary>Rank of the target in the full ranking, from 0.</summary>
    public int FullRank(RankBy rankBy) => TargetRank.Of(FullValues(rankBy), place => _isTarget[place]);

    /// <summary>Places of the first ten of the full ranking. Equal values stay in coarse order, as in an answer.</summary>
    public int[] FullTopTen(RankBy rankBy)
    {
        var values = FullValues(rankBy);
        var best = new PriorityQueue<int, (double Value, int Place)>(WorstFirst);
        for (var place = 0; place < values.Length; place++)
        {
            if (best.Count < TopTenLength)
            {
                best.Enqueue(place, (values[place], place));
            }
            else
            {
                best.EnqueueDequeue(place, (values[place], place));
            }
        }

        return [.. best.UnorderedItems.Select(item => item.Element)];
    }

    private double[] FullValues(RankBy rankBy)
    {
        var values = new double[_all!.Length];
        for (var place = 0; place < values.Length; place++)
        {
            values[place] = Value(rankBy, _all[place], place);
        }

        return values;
    }

    private double Value(RankBy rankBy, float score, int place) =>
        rankBy == RankBy.Both && _ranking is not null ? _ranking.Value(score, _hits[place].Score) : score;
}
