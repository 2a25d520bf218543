using System.Reflection;
using System.Text.Json.Serialization;

namespace Retrieval.Server.Configuration;

/// <summary>Names of an enumeration's values as they are written in JSON, in files and in messages.</summary>
internal static class EnumNames
{
    /// <summary>The names, in the order of the declaration.</summary>
    public static IEnumerable<string> Of(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? field.Name);
}
