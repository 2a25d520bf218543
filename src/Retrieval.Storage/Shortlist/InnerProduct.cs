using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retrieval.Storage.Shortlist;

/// <summary>
/// Inner products of float32 vectors. Every kernel adds the terms of a pair in the same order, with one accumulator of 16 lanes
/// per pair, so a pair's score does not depend on the kernel. Four rows at a time hide the latency of the additions; two queries
/// at a time read each row once for both.
/// </summary>
internal static unsafe class InnerProduct
{
    public const int RowsAtATime = 4;

    public static float OneByOne(float* a, float* b, int width)
    {
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i <= width - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            sum = Vector512.FusedMultiplyAdd(Vector512.Load(a + i), Vector512.Load(b + i), sum);
        }

        return Finish(sum, a, b, i, width);
    }

    /// <summary>One query with four neighbouring rows.</summary>
    public static void OneByFour(float* query, float* rows, int width, Span<float> scores)
    {
        float* r0 = rows, r1 = r0 + width, r2 = r1 + width, r3 = r2 + width;
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        var i = 0;
        for (; i <= width - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var q = Vector512.Load(query + i);
            s0 = Vector512.FusedMultiplyAdd(q, Vector512.Load(r0 + i), s0);
            s1 = Vector512.FusedMultiplyAdd(q, Vector512.Load(r1 + i), s1);
            s2 = Vector512.FusedMultiplyAdd(q, Vector512.Load(r2 + i), s2);
            s3 = Vector512.FusedMultiplyAdd(q, Vector512.Load(r3 + i), s3);
        }

        scores[0] = Finish(s0, query, r0, i, width);
        scores[1] = Finish(s1, query, r1, i, width);
        scores[2] = Finish(s2, query, r2, i, width);
        scores[3] = Finish(s3, query, r3, i, width);
    }

    /// <summary>Two neighbouring queries with four neighbouring rows: the first query's scores, then the second's.</summary>
    public static void TwoByFour(float* queries, float* rows, int width, Span<float> scores)
    {
        float* p = queries, q = p + width;
        float* r0 = rows, r1 = r0 + width, r2 = r1 + width, r3 = r2 + width;
        Vector512<float> p0 = default, p1 = default, p2 = default, p3 = default;
        Vector512<float> q0 = default, q1 = default, q2 = default, q3 = default;
        var i = 0;
        for (; i <= width - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var left = Vector512.Load(p + i);
            var right = Vector512.Load(q + i);
            var row = Vector512.Load(r0 + i);
            p0 = Vector512.FusedMultiplyAdd(left, row, p0);
            q0 = Vector512.FusedMultiplyAdd(right, row, q0);
            row = Vector512.Load(r1 + i);
            p1 = Vector512.FusedMultiplyAdd(left, row, p1);
            q1 = Vector512.FusedMultiplyAdd(right, row, q1);
            row = Vector512.Load(r2 + i);
            p2 = Vector512.FusedMultiplyAdd(left, row, p2);
            q2 = Vector512.FusedMultiplyAdd(right, row, q2);
            row = Vector512.Load(r3 + i);
            p3 = Vector512.FusedMultiplyAdd(left, row, p3);
            q3 = Vector512.FusedMultiplyAdd(right, row, q3);
        }

        scores[0] = Finish(p0, p, r0, i, width);
        scores[1] = Finish(p1, p, r1, i, width);
        scores[2] = Finish(p2, p, r2, i, width);
        scores[3] = Finish(p3, p, r3, i, width);
        scores[4] = Finish(q0, q, r0, i, width);
        scores[5] = Finish(q1, q, r1, i, width);
        scores[6] = Finish(q2, q, r2, i, width);
        scores[7] = Finish(q3, q, r3, i, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Finish(Vector512<float> sum, float* a, float* b, int from, int width)
    {
        var total = Vector512.Sum(sum);
        for (var i = from; i < width; i++)
        {
            total = MathF.FusedMultiplyAdd(a[i], b[i], total);
        }

        return total;
    }
}
