using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;

namespace Retrieval.Cli.Input;

/// <summary>Checks arrays before any of their rows are read.</summary>
internal static class NpyFileExtensions
{
    public static void RequireType(this NpyFile file, bool isFloat)
    {
        if (file.ElementType is NpyElementType.Float16 or NpyElementType.Float32 or NpyElementType.Float64 != isFloat)
        {
            throw new InvalidInputException($"elements of type {file.ElementType}; expected {(isFloat ? "floating-point" : "whole")} numbers", file.Name, field: "descr");
        }
    }
}
